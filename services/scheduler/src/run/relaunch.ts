import { schedulerCommands } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { JobRow } from '@cyborgbackup/read-models';
import type { z } from 'zod';
import { checkEnabled } from './check-launch.ts';
import { requestCheck, resolveRepository } from './check-repository.ts';
import { clientOf, draftRelaunch, type RelaunchedJob } from './draft-relaunch.ts';
import type { DraftContext, DraftJob } from './draft-jobs.ts';
import { draftDrills } from './drill.ts';
import { latestArchives } from './latest-archives.ts';
import { answerOf, requestUnlessBusy, resolvePolicyAgain, type LaunchAnswer, type LaunchDeps } from './launch.ts';
import { findRun, type RequestedRun } from './request-run.ts';
import { requestRestore } from './restore.ts';

type Relaunch = z.output<typeof schedulerCommands.relaunch.input>;

type JobColumn =
  'uuid' | 'run' | 'name' | 'job_type' | 'task' | 'policy' | 'client_uuid' | 'machine_id' | 'machine_name';

interface JobToRelaunch extends Pick<JobRow, JobColumn | 'repository' | 'repository_uuid'> {
  readonly finished: boolean;
  readonly master_uuid: string | null;
  readonly master_id: number | null;
  /** Null unless the master made its archive. */
  readonly master_archive: string | null;
}

const FIND_JOB = `
  select job.uuid, job.run, job.name, job.job_type, job.task, job.policy, job.repository, job.repository_uuid, job.client_uuid,
         job.machine_id, job.machine_name, job.finished is not null as finished,
         master.uuid as master_uuid, master.id as master_id,
         case when master.status = 'successful' then master.archive_name end as master_archive
    from scheduler.jobs job
    left join scheduler.jobs master on master.uuid = job.master_job_uuid
   where job.uuid = $1`;

const findJob = async ({ pool }: LaunchDeps, uuid: string): Promise<JobToRelaunch> => {
  const { rows } = await pool.query<JobToRelaunch>(FIND_JOB, [uuid]);
  const [job] = rows;
  if (!job) throw new AppError('not-found', 'There is no such job.');
  return job;
};

const relaunchedJob = (job: JobToRelaunch): RelaunchedJob => ({
  jobType: job.job_type,
  task: job.task,
  name: job.name,
  client: job.client_uuid,
  machine: job.machine_id === null ? undefined : { id: job.machine_id, name: job.machine_name ?? '' },
  master:
    job.master_uuid !== null && job.master_id !== null
      ? { uuid: job.master_uuid, id: job.master_id, archiveName: job.master_archive }
      : undefined,
});

/** The drill of the same client, or of the same machine, of the archive that is its latest now. */
const draftDrillAgain = async (
  { pool }: LaunchDeps,
  context: DraftContext,
  job: RelaunchedJob,
): Promise<readonly DraftJob[]> => {
  const { policy, repository } = context.resolved;
  const client = clientOf(context, job);
  const archives = await latestArchives(pool, policy.uuid, repository.uuid);
  const isSame = (archive: (typeof archives)[number]): boolean =>
    archive.client_uuid === client.uuid && archive.machine?.id === job.machine?.id;
  return draftDrills(context, archives.filter(isSame));
};

const relaunchOfPolicy = async (
  deps: LaunchDeps,
  { run, policy, job }: { readonly run: string; readonly policy: number; readonly job: RelaunchedJob },
): Promise<RequestedRun> => {
  const resolved = await resolvePolicyAgain(deps, policy);
  checkEnabled(resolved);
  const context: DraftContext = { run, resolved, launchType: 'relaunch' };
  const drafts = job.task === 'drill' ? await draftDrillAgain(deps, context, job) : draftRelaunch(context, job);
  const plan = { run, resolved, extraVars: null, dueAt: null, drafts };
  return requestUnlessBusy(deps, plan, 'Backup job already running for this client.');
};

const relaunchCheck = (deps: LaunchDeps, run: string, job: JobToRelaunch): Promise<RequestedRun> => {
  const { repository, repository_uuid: uuid, job_type } = job;
  if (repository === null || uuid === null) {
    throw new AppError('conflict', 'Only jobs of a policy or a repository can be run again.');
  }
  const verifyData = job_type === 'integrity';
  return requestCheck(deps, { run, repository, uuid, verifyData, launchType: 'relaunch', dueAt: null, schedule: null });
};

/** What was asked for then, of the repository as it is now, to the same destination. */
const relaunchRestore = async (deps: LaunchDeps, run: string, job: JobToRelaunch): Promise<RequestedRun> => {
  const before = await findRun(deps, job.run);
  const planned = before?.run.jobs.find(({ uuid }) => uuid === job.uuid);
  if (!planned?.restore || job.master_uuid === null || job.repository === null) {
    throw new AppError('conflict', `What "${job.name}" was to restore is not known: request it anew.`);
  }
  if (planned.restore.database) {
    throw new AppError('conflict', 'A restore into a database has to be confirmed each time: request it anew.');
  }
  const { id, uuid, name, path } = await resolveRepository(deps, job.repository);
  if (uuid !== job.repository_uuid) throw new AppError('conflict', 'The repository is not there any more.');
  const { restore, client } = planned;
  const request = { ...restore, run, backup: job.master_uuid, repository: { id, uuid, name, path }, client };
  return requestRestore(deps, request, 'relaunch');
};

/**
 * Runs one job again, with the policy, repository and client as they are now, and before it what it needs to succeed.
 * @throws AppError `not-found`; `conflict` when it has not ended, its client is busy, or there is nothing to run any more
 */
export const relaunch = async (deps: LaunchDeps, { job: uuid, run }: Relaunch): Promise<LaunchAnswer> => {
  const known = await findRun(deps, run);
  if (known) return answerOf(known);
  const job = await findJob(deps, uuid);
  if (!job.finished) throw new AppError('conflict', `"${job.name}" has not ended yet: wait for it, or cancel it.`);
  if (job.job_type === 'restore' && job.task === null) return answerOf(await relaunchRestore(deps, run, job));
  if (job.policy === null) return answerOf(await relaunchCheck(deps, run, job));
  return answerOf(await relaunchOfPolicy(deps, { run, policy: job.policy, job: relaunchedJob(job) }));
};
