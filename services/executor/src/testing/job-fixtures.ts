import {
  NO_RUN_SECRETS,
  POLICY_DEFAULTS,
  REPOSITORY_DEFAULTS,
  type PlannedJob,
  type RunRequested,
} from '@cyborgbackup/contracts';
import type { DomainEvent } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const CONFIG = {
  CYBORGBACKUP_EXECUTOR_CONCURRENCY: 2,
  CYBORGBACKUP_EXECUTOR_GRACE: 1,
  CYBORGBACKUP_SSH_CONNECT_TIMEOUT: 10,
};

type Policy = NonNullable<RunRequested['policy']>;

/** A policy that pushes backups of folders and keeps everything. */
export const policyOf = (changes: Partial<Policy> = {}): Policy => ({
  id: 1,
  uuid: randomUUID(),
  name: 'Policy',
  policy_type: 'folders',
  keep_hourly: null,
  keep_daily: null,
  keep_weekly: null,
  keep_monthly: null,
  keep_yearly: null,
  vmprovider: '',
  mode_pull: false,
  ...POLICY_DEFAULTS,
  ...changes,
});

/** A backup job that somebody launched. */
export const jobOf = (changes: Partial<PlannedJob>): PlannedJob => ({
  id: 1,
  uuid: randomUUID(),
  name: 'Job',
  job_type: 'job',
  launch_type: 'manual',
  client: null,
  needs: [],
  archive_name: 'archive',
  master_job: null,
  ...changes,
});

/** A run of one job. */
export const runOf = (job: PlannedJob, changes: Partial<RunRequested>): RunRequested => ({
  uuid: randomUUID(),
  policy: policyOf(),
  repository: null,
  schedule: null,
  due_at: null,
  ...NO_RUN_SECRETS,
  jobs: [job],
  ...changes,
});

/** What the stream of settings says of the login to clients. */
export const loginEvents = (
  key: { readonly publicKey: string; readonly privateKey: string },
  user: string,
): DomainEvent[] => [
  {
    type: 'ssh-key-generated',
    data: { key_type: 'ed25519', public_key: key.publicKey, private_key: key.privateKey },
  },
  settingChanged('cyborgbackup_backup_user', user),
];

export const settingChanged = (key: string, value: string): DomainEvent => ({
  type: 'setting-changed',
  data: { key, value },
});

/** What the stream of a repository says of the key pair of its own. */
export const ownKeyGenerated = (
  uuid: string,
  key: { readonly publicKey: string; readonly privateKey: string },
): DomainEvent => ({
  type: 'repository-ssh-key-generated',
  data: { uuid, public_key: key.publicKey, private_key: key.privateKey },
});

/** A preparation that found a repository as borg initialised it, and saw its host take the own key. */
export const repositoryPrepared = (uuid: string, borg_id: string, own_key = true): DomainEvent => ({
  type: 'repository-prepared',
  data: {
    ...{ uuid, borg_id, own_key, ready: true, encryption: 'repokey-blake2' },
    ...{ initialised: true, key_installed: false },
  },
});

/** Borg's id of a repository, from its configuration. */
export const borgIdOf = async (repository: string): Promise<string> =>
  /^id = ([0-9a-f]{64})$/m.exec(await readFile(join(repository, 'config'), 'utf8'))?.[1] ?? '';

/** The line with which a key opens every repository of the account, for tests that have more than one. */
export const servingLine = (publicKey: string): string => `command="borg serve",restrict ${publicKey}`;

export const repositoryRegistered = (repository: {
  readonly id: number;
  readonly uuid: string;
  readonly path: string;
  readonly repository_key: string;
  readonly remote_path?: string;
}): DomainEvent => ({
  type: 'repository-registered',
  data: {
    ...REPOSITORY_DEFAULTS,
    name: 'Main',
    ready: true,
    enabled: true,
    check_schedule: null,
    integrity_schedule: null,
    ...repository,
  },
});
