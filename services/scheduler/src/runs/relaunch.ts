import { readSql } from '@cyborgbackup/database';
import type { RpcInput, schedulerCommands } from '@cyborgbackup/contracts';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import { createCheckRun, resolveRepository } from './check-repository.ts';
import { answerWithRun, createRunUnlessBusy, findRun, type CreatedRun, type LaunchAnswer } from './create-run.ts';
import { draftDrills, latestArchives } from './drill.ts';
import type { DraftContext, DraftJob, ResolvedPolicy } from './planning/draft-jobs.ts';
import { clientOf, draftRelaunch, type RelaunchedJob } from './planning/draft-relaunch.ts';
import { checkEnabled, resolvePolicy } from './resolve-policy.ts';
import { createRestoreRun } from './restore.ts';
import type { RunDeps } from './run-deps.ts';

interface JobToRelaunch extends RelaunchedJob {
  readonly uuid: string;
  readonly run: string;
  readonly policy: number | null;
  readonly repository: number | null;
  readonly repositoryUuid: string | null;
  readonly finished: boolean;
}

/** The archive's name is null unless the master made its archive. */
const FIND_JOB = readSql(new URL('./find-job.sql', import.meta.url));

const findJob = async ({ pool }: RunDeps, uuid: string): Promise<JobToRelaunch> => {
  const { rows } = await pool.query<JobToRelaunch>(FIND_JOB, [uuid]);
  const [job] = rows;
  if (!job) throw new AppError('not-found', 'There is no such job.');
  return job;
};

/** @throws AppError `conflict` when the policy was removed since it did the job */
const resolvePolicyAgain = async (deps: RunDeps, id: number): Promise<ResolvedPolicy> => {
  try {
    return await resolvePolicy(deps, id);
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error;
    throw new AppError('conflict', 'The policy that did this was removed: make a new one and launch that.');
  }
};

/** The drill of the same client, or of the same machine, of the archive that is its latest now. */
const draftDrillAgain = async (
  { pool }: RunDeps,
  context: DraftContext,
  job: RelaunchedJob,
): Promise<readonly DraftJob[]> => {
  const { uuid } = clientOf(context, job);
  const archives = await latestArchives(pool, context.resolved);
  return draftDrills(
    context,
    archives.filter(({ client_uuid, machine }) => client_uuid === uuid && machine?.id === job.machine?.id),
  );
};

const relaunchOfPolicy = async (
  deps: RunDeps,
  run: string,
  { policy, job }: { readonly policy: number; readonly job: RelaunchedJob },
): Promise<CreatedRun> => {
  const resolved = await resolvePolicyAgain(deps, policy);
  checkEnabled(resolved);
  const context: DraftContext = { run, resolved, launchType: 'relaunch' };
  const drafts = job.task === 'drill' ? await draftDrillAgain(deps, context, job) : draftRelaunch(context, job);
  return createRunUnlessBusy(deps, { run, resolved, drafts }, 'Backup job already running for this client.');
};

const relaunchCheck = (deps: RunDeps, run: string, job: JobToRelaunch): Promise<CreatedRun> => {
  const { repository, repositoryUuid: uuid } = job;
  if (repository === null || uuid === null) {
    throw new AppError('conflict', 'Only jobs of a policy or a repository can be run again.');
  }
  const verifyData = job.jobType === 'integrity';
  return createCheckRun(deps, { run, repository, uuid, verifyData, launchType: 'relaunch' });
};

/** What was asked for then, from the repository as it is now, to the same destination. */
const relaunchRestore = async (deps: RunDeps, run: string, job: JobToRelaunch): Promise<CreatedRun> => {
  const before = await findRun(deps, job.run);
  const planned = before?.run.jobs.find(({ uuid }) => uuid === job.uuid);
  if (!planned?.restore || !job.master || job.repository === null) {
    throw new AppError('conflict', `What "${job.name}" was to restore is not known: request it anew.`);
  }
  if (planned.restore.database) {
    throw new AppError('conflict', 'A restore into a database has to be confirmed each time: request it anew.');
  }
  const { id, uuid, name, path } = await resolveRepository(deps, job.repository);
  if (uuid !== job.repositoryUuid) throw new AppError('conflict', 'The repository is not there any more.');
  const { restore, client } = planned;
  const request = { ...restore, run, backup: job.master.uuid, repository: { id, uuid, name, path }, client };
  return createRestoreRun(deps, request, 'relaunch');
};

/**
 * Runs one job again, with the policy, repository and client as they are now, and before it what it needs to succeed.
 * @throws AppError `not-found`; `conflict` when it has not ended, its client is busy, or there is nothing to run any more
 */
export const relaunch = (
  deps: RunDeps,
  { job: uuid, run }: RpcInput<typeof schedulerCommands.relaunch>,
): Promise<LaunchAnswer> =>
  answerWithRun(deps, run, async () => {
    const job = await findJob(deps, uuid);
    if (!job.finished) throw new AppError('conflict', `"${job.name}" has not ended yet: wait for it, or cancel it.`);
    if (job.jobType === 'restore' && job.task === null) return relaunchRestore(deps, run, job);
    if (job.policy === null) return relaunchCheck(deps, run, job);
    return relaunchOfPolicy(deps, run, { policy: job.policy, job });
  });
