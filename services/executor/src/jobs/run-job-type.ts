import type { CheckSubject, PlannedJob } from '@cyborgbackup/contracts';
import { withWriteAccess } from '../borg/repository-access.ts';
import type { JobContext } from '../job/job-context.ts';
import { JobFailure } from '../job/job-failure.ts';
import type { JobResult } from '../job/job-result.ts';
import { runBackup } from './backup/run-backup.ts';
import { listArchive } from './catalog/list-archive.ts';
import { checkArchives } from './check/check-archives.ts';
import { runDrill } from './drill/run-drill.ts';
import { checkHypervisor } from './machines/check-hypervisor.ts';
import { findMachines } from './machines/find-machines.ts';
import { prepareClient } from './prepare/prepare-client.ts';
import { prepareRepository } from './prepare/prepare-repository.ts';
import { pruneArchives } from './prune/prune-archives.ts';
import { restoreDatabase } from './restore/restore-database.ts';
import { restoreFiles } from './restore/restore-files.ts';

type RunJob = (context: JobContext) => Promise<JobResult>;

const CHECKS: Readonly<Record<CheckSubject, RunJob>> = {
  client: prepareClient,
  repository: prepareRepository,
  hypervisor: checkHypervisor,
  machines: findMachines,
  archives: checkArchives,
};

const runRestore: RunJob = async (context) => {
  const { restore, drill } = context.plan.job;
  if (drill) return runDrill(context, drill);
  if (!restore) throw new JobFailure('This job does not say what to restore.', { status: 'error' });
  return restore.database ? restoreDatabase(context, restore) : restoreFiles(context, restore);
};

const runnerOf = (job: PlannedJob): RunJob => {
  switch (job.job_type) {
    case 'job':
      return runBackup;
    case 'check':
      if (!job.check) throw new TypeError('A check job does not name what it checks');
      return CHECKS[job.check];
    case 'integrity':
      return checkArchives;
    case 'catalog':
      return listArchive;
    case 'prune':
      return pruneArchives;
    case 'restore':
      return runRestore;
  }
};

/** Borg needs the repository's exclusive lock, to write to it or to check it. */
const needsWriteAccess = ({ job_type, check }: PlannedJob): boolean =>
  job_type === 'job' || job_type === 'prune' || job_type === 'integrity' || check === 'archives';

/** Runs a job of any type. @throws JobFailure, JobStopped, SshError, and errors of the control plane itself */
export const runJobType = async (context: JobContext): Promise<JobResult> => {
  const { job, run } = context.plan;
  const work = (): Promise<JobResult> => runnerOf(job)(context);
  if (!run.repository || !needsWriteAccess(job)) return work();
  return withWriteAccess(context.deps.connection, run.repository.uuid, work);
};
