import { NO_RUN_SECRETS, type LaunchType, type RpcInput, type schedulerCommands } from '@cyborgbackup/contracts';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import type { JobRow } from '@cyborgbackup/read-models';
import { answerWithRun, createRun, type CreatedRun, type LaunchAnswer } from './create-run.ts';
import { jobUuid, NEW_JOB, type DraftJob } from './planning/draft-jobs.ts';
import type { ResolvedRun } from './planning/plan-run.ts';
import { resolvePolicy } from './resolve-policy.ts';
import type { RunDeps } from './run-deps.ts';

type Restore = RpcInput<typeof schedulerCommands.restore>;

type Backup = Pick<JobRow, 'uuid' | 'id' | 'policy'> & { readonly archive_name: string };

/** A backup that failed may have left an archive too: that its source shrank is found out afterwards. */
const FIND_BACKUP = `
  select uuid, id, archive_name, policy
    from scheduler.jobs
   where uuid = $1 and job_type = 'job' and archive_name is not null`;

const findBackup = async ({ pool }: RunDeps, uuid: string): Promise<Backup> => {
  const { rows } = await pool.query<Backup>(FIND_BACKUP, [uuid]);
  const [backup] = rows;
  if (!backup) throw new AppError('not-found', 'There is no such archive.');
  return backup;
};

/**
 * The policy that made the archive, for how its jobs run and how to log in to its databases. It may be disabled, since that
 * only ends what it does by itself, and it may have been removed.
 */
const resolveFor = async (deps: RunDeps, { policy }: Backup, { repository }: Restore): Promise<ResolvedRun> => {
  const withoutPolicy = { policy: null, repository, schedule: null, ...NO_RUN_SECRETS };
  if (policy === null) return withoutPolicy;
  try {
    const resolved = await resolvePolicy(deps, policy);
    return { ...withoutPolicy, policy: resolved.policy, extra_vars: resolved.extra_vars };
  } catch (error) {
    if (hasCode(error, 'not-found')) return withoutPolicy;
    throw error;
  }
};

/**
 * Creates a restore, which waits while the repository or its destination is busy.
 * @throws AppError `not-found` for a backup without an archive
 */
export const createRestoreRun = async (
  deps: RunDeps,
  request: Restore,
  launchType: LaunchType,
): Promise<CreatedRun> => {
  const { run, backup: uuid, client, repository, ...restored } = request;
  const backup = await findBackup(deps, uuid);
  const resolved = await resolveFor(deps, backup, request);
  const draft: DraftJob = {
    ...NEW_JOB,
    uuid: jobUuid(run, 'restore', client?.uuid ?? 'repository'),
    name: `Restore Job ${resolved.policy?.name ?? backup.archive_name} ${client?.hostname ?? repository.name}`,
    job_type: 'restore',
    launch_type: launchType,
    client,
    archive_name: backup.archive_name,
    master_job: backup.uuid,
    master_job_id: backup.id,
    restore: restored,
  };
  return createRun(deps, { run, resolved, drafts: [draft] });
};

/**
 * Restores items of an archive for a user, from the repository as it is now.
 * @throws AppError as `createRestoreRun`
 */
export const restore = (deps: RunDeps, request: Restore): Promise<LaunchAnswer> =>
  answerWithRun(deps, request.run, () => createRestoreRun(deps, request, 'manual'));
