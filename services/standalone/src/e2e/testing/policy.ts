import { z } from 'zod';
import type { ApiClient } from '../../demo/api-client.ts';
import type { E2eHost } from './e2e-host.ts';

/** Of the repository on the host, whatever else a test makes of it. */
export const PASSPHRASE = 'a passphrase';

const created = z.object({ id: z.number() });
const launched = z.object({ job: z.number() });

export interface Things {
  readonly client: number;
  readonly repository: number;
  readonly policy: number;
}

interface Changes {
  /** The id of one that is there already, or what is different. */
  readonly client?: number | object;
  readonly repository?: object;
  readonly policy?: object;
}

/** A client, a repository, a schedule and a policy on the host, with changes where a test wants something wrong. */
export const makeThings = async (api: ApiClient, host: E2eHost, changes: Changes = {}): Promise<Things> => {
  const settings = await api.get(
    '/api/v1/settings/?key=cyborgbackup_backup_user',
    z.object({ results: z.array(created) }),
  );
  for (const { id } of settings.results) await api.patch(`/api/v1/settings/${id}/`, { value: host.sshd.user });
  const { client: given } = changes;
  const place = { hostname: host.sshd.host, port: host.sshd.port };
  const client =
    typeof given === 'number' ? { id: given } : await api.post('/api/v1/clients/', { ...place, ...given }, created);
  const repository = await api.post(
    '/api/v1/repositories/',
    { name: 'Repository', path: host.repositoryUrl, repository_key: PASSPHRASE, ...changes.repository },
    created,
  );
  const schedule = await api.post('/api/v1/schedules/', { name: 'Nightly', crontab: '0 5 * * MON *' }, created);
  const policy = await api.post(
    '/api/v1/policies/',
    {
      name: 'Folders',
      policy_type: 'folders',
      extra_vars: JSON.stringify({ folders: [host.source] }),
      clients: [client.id],
      repository: repository.id,
      schedule: schedule.id,
      keep_daily: 3,
      ...changes.policy,
    },
    created,
  );
  return { client: client.id, repository: repository.id, policy: policy.id };
};

/** The id of the launched backup job. */
export const launch = async (api: ApiClient, policy: number): Promise<number> =>
  (await api.post(`/api/v1/policies/${policy}/launch/`, {}, launched)).job;
