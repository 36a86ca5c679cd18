import { schedulerCommands } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { checkEnabled } from './check-launch.ts';
import { snapshotOf, type DraftJob, type ResolvedClient, type ResolvedPolicy } from './draft-jobs.ts';
import { answerOf, requestUnlessBusy, resolvePolicyAgain, type LaunchAnswer, type LaunchDeps } from './launch.ts';
import { nameUuid } from './name-uuid.ts';
import { findRun } from './request-run.ts';

type Restore = z.output<typeof schedulerCommands.restore.input>;

interface Backup {
  readonly uuid: string;
  readonly id: number;
  readonly archive_name: string;
  readonly policy: number;
  readonly client_uuid: string;
}

/** Only a backup that succeeded has an archive. */
const FIND_BACKUP = `
  select uuid, id, archive_name, policy, client_uuid
    from scheduler.jobs
   where uuid = $1 and job_type = 'job' and status = 'successful' and policy is not null`;

const findBackup = async ({ pool }: LaunchDeps, uuid: string): Promise<Backup> => {
  const { rows } = await pool.query<Backup>(FIND_BACKUP, [uuid]);
  const [backup] = rows;
  if (!backup) throw new AppError('not-found', 'There is no such archive.');
  return backup;
};

/** The client to restore to, which has to be one that reaches the repository already: one of the policy's. */
const destinationOf = (resolved: ResolvedPolicy, backup: Backup, destination: number | null): ResolvedClient => {
  const client = resolved.clients.find(({ id, uuid }) =>
    destination === null ? uuid === backup.client_uuid : id === destination,
  );
  if (!client) {
    const reason = `The destination is no client of the policy "${resolved.policy.name}" that made the archive`;
    throw new AppError('conflict', `${reason}: add it there first.`);
  }
  if (!client.enabled) throw new AppError('conflict', `The client "${client.hostname}" is disabled: enable it first.`);
  return client;
};

/**
 * Plans the restore of an archive's item, with the repository as it is now.
 * @throws AppError `not-found` for a backup without an archive; `conflict` when the destination cannot be used or is busy
 */
export const restore = async (deps: LaunchDeps, request: Restore): Promise<LaunchAnswer> => {
  const { run, backup: uuid, destination, ...what } = request;
  const known = await findRun(deps, run);
  if (known) return answerOf(known);
  const backup = await findBackup(deps, uuid);
  const resolved = await resolvePolicyAgain(deps, backup.policy);
  checkEnabled(resolved);
  const client = destinationOf(resolved, backup, destination);
  const draft: DraftJob = {
    uuid: nameUuid(run, `restore/${client.uuid}`),
    name: `Restore Job ${resolved.policy.name} ${client.hostname}`,
    job_type: 'restore',
    launch_type: 'manual',
    client: snapshotOf(client),
    needs: [],
    archive_name: backup.archive_name,
    master_job: backup.uuid,
    master_job_id: backup.id,
    restore: { ...what, destination: 'client' },
  };
  const plan = { run, resolved, extraVars: null, dueAt: null, drafts: [draft] };
  return answerOf(await requestUnlessBusy(deps, plan, 'Backup job already running for this client.'));
};
