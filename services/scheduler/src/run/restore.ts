import { schedulerCommands, type LaunchType } from '@cyborgbackup/contracts';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import type { JobRow } from '@cyborgbackup/read-models';
import type { z } from 'zod';
import type { DraftJob } from './draft-jobs.ts';
import { answerOf, resolvePolicy, type LaunchAnswer, type LaunchDeps } from './launch.ts';
import { nameUuid } from './name-uuid.ts';
import type { ResolvedRun } from './plan-run.ts';
import { findRun, requestRun, type RequestedRun } from './request-run.ts';

export type Restore = z.output<typeof schedulerCommands.restore.input>;

type Backup = Pick<JobRow, 'uuid' | 'id' | 'policy'> & { readonly archive_name: string };

/** Also one that failed may have left an archive: that its source shrank is found out afterwards. */
const FIND_BACKUP = `
  select uuid, id, archive_name, policy
    from scheduler.jobs
   where uuid = $1 and job_type = 'job' and archive_name is not null`;

const findBackup = async ({ pool }: LaunchDeps, uuid: string): Promise<Backup> => {
  const { rows } = await pool.query<Backup>(FIND_BACKUP, [uuid]);
  const [backup] = rows;
  if (!backup) throw new AppError('not-found', 'There is no such archive.');
  return backup;
};

/**
 * The policy that made the archive, for how its jobs run and how to log in to its databases. What a policy is allowed to do
 * on its own says nothing about what somebody wants back, so it may be disabled, and it may be gone.
 */
const resolveFor = async (deps: LaunchDeps, { policy }: Backup, { repository }: Restore): Promise<ResolvedRun> => {
  const alone = { policy: null, repository, schedule: null, extra_vars: null };
  if (policy === null) return alone;
  try {
    const resolved = await resolvePolicy(deps, policy);
    return { ...alone, policy: resolved.policy, extra_vars: resolved.extra_vars };
  } catch (error) {
    if (hasCode(error, 'not-found')) return alone;
    throw error;
  }
};

const nameOf = (backup: Backup, { policy }: ResolvedRun, { client, repository }: Restore): string =>
  `Restore Job ${policy?.name ?? backup.archive_name} ${client?.hostname ?? repository.name}`;

/** It waits its turn when the repository or its destination is busy. @throws AppError `not-found` for a backup without an archive */
export const requestRestore = async (
  deps: LaunchDeps,
  request: Restore,
  launchType: LaunchType,
): Promise<RequestedRun> => {
  const { run, backup: uuid, client, repository: _repository, ...what } = request;
  const backup = await findBackup(deps, uuid);
  const resolved = await resolveFor(deps, backup, request);
  const draft: DraftJob = {
    uuid: nameUuid(run, `restore/${client?.uuid ?? 'repository'}`),
    name: nameOf(backup, resolved, request),
    job_type: 'restore',
    launch_type: launchType,
    client,
    needs: [],
    archive_name: backup.archive_name,
    master_job: backup.uuid,
    master_job_id: backup.id,
    restore: what,
  };
  const plan = { run, resolved, extraVars: null, dueAt: null, drafts: [draft] };
  return requestRun(deps, plan);
};

/**
 * Plans the restore of an archive's items, from the repository as it is now.
 * @throws AppError as `requestRestore`
 */
export const restore = async (deps: LaunchDeps, request: Restore): Promise<LaunchAnswer> =>
  answerOf((await findRun(deps, request.run)) ?? (await requestRestore(deps, request, 'manual')));
