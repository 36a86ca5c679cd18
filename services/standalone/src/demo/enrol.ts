import type { TestSshd } from '@cyborgbackup/testkit';
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';

const created = z.object({ id: z.number() });
const authorizedKeys = z.object({ line: z.string() });
const settings = z.object({ results: z.array(z.object({ id: z.number() })) });

export interface Enrolled {
  readonly client: number;
  readonly repository: number;
  readonly policy: number;
  /** For the authorized_keys of the repository's account. */
  readonly keyLine: string;
}

/** Makes a client, a repository, a schedule and a policy, as a user would over the API. */
export const enrol = async (
  api: ApiClient,
  host: TestSshd,
  what: {
    readonly repositoryHost: TestSshd;
    readonly repositoryPath: string;
    readonly folders: readonly string[];
    readonly exclude: readonly string[];
  },
): Promise<Enrolled> => {
  const { results } = await api.get('/api/v1/settings/?key=cyborgbackup_backup_user', settings);
  for (const { id } of results) await api.patch(`/api/v1/settings/${id}/`, { value: host.user });
  const client = await api.post('/api/v1/clients/', { hostname: host.host, port: host.port }, created);
  const place = what.repositoryHost;
  const path = `ssh://${place.user}@${place.host}:${place.port}${what.repositoryPath}`;
  const repository = await api.post('/api/v1/repositories/', { name: 'Demo repository', path }, created);
  const { line } = await api.get(`/api/v1/repositories/${repository.id}/authorized_keys/`, authorizedKeys);
  const schedule = await api.post('/api/v1/schedules/', { name: 'Every night', crontab: '0 3 * * *' }, created);
  const policy = await api.post(
    '/api/v1/policies/',
    {
      name: 'Demo',
      policy_type: 'folders',
      extra_vars: JSON.stringify({ folders: what.folders, exclude: what.exclude }),
      clients: [client.id],
      repository: repository.id,
      schedule: schedule.id,
      keep_daily: 7,
    },
    created,
  );
  return { client: client.id, repository: repository.id, policy: policy.id, keyLine: line };
};
