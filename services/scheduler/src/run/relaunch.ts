import { schedulerCommands } from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { checkEnabled } from './check-launch.ts';
import { draftRelaunch, type RelaunchedJob } from './draft-relaunch.ts';
import { answerOf, requestUnlessBusy, resolvePolicyAgain, type LaunchAnswer, type LaunchDeps } from './launch.ts';
import { findRun } from './request-run.ts';

type Relaunch = z.output<typeof schedulerCommands.relaunch.input>;

interface JobToRelaunch {
  readonly name: string;
  readonly job_type: string;
  readonly policy: number | null;
  readonly client_uuid: string | null;
  readonly finished: boolean;
  readonly master_uuid: string | null;
  readonly master_id: number | null;
  /** Null unless the master made its archive. */
  readonly master_archive: string | null;
}

const FIND_JOB = `
  select job.name, job.job_type, job.policy, job.client_uuid, job.finished is not null as finished,
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
  name: job.name,
  client: job.client_uuid,
  master:
    job.master_uuid !== null && job.master_id !== null
      ? { uuid: job.master_uuid, id: job.master_id, archiveName: job.master_archive }
      : undefined,
});

/**
 * Runs one job again, with the policy, repository and client as they are now, and before it what it needs to succeed.
 * @throws AppError `not-found`; `conflict` when it has not ended, its client is busy, or there is nothing to run any more
 */
export const relaunch = async (deps: LaunchDeps, { job: uuid, run }: Relaunch): Promise<LaunchAnswer> => {
  const known = await findRun(deps, run);
  if (known) return answerOf(known);
  const job = await findJob(deps, uuid);
  if (!job.finished) throw new AppError('conflict', `"${job.name}" has not ended yet: wait for it, or cancel it.`);
  if (job.policy === null) throw new AppError('conflict', 'Only jobs of a policy can be run again.');
  const resolved = await resolvePolicyAgain(deps, job.policy);
  checkEnabled(resolved);
  const drafts = draftRelaunch({ run, resolved, launchType: 'relaunch' }, relaunchedJob(job));
  const plan = { run, resolved, extraVars: null, dueAt: null, drafts };
  return answerOf(await requestUnlessBusy(deps, plan, 'Backup job already running for this client.'));
};
