import type { CheckSubject, PlannedJob } from '@cyborgbackup/contracts';
import { writing } from '../downloads/give-way.ts';
import type { JobResult } from '../job/job-result.ts';
import { backUp } from './back-up.ts';
import { checkArchives } from './check-archives.ts';
import { checkHypervisor } from './check-hypervisor.ts';
import { findMachines } from './find-machines.ts';
import type { JobContext } from './job-context.ts';
import { listArchive } from './list-archive.ts';
import { prepareClient } from './prepare-client.ts';
import { prepareRepository } from './prepare-repository.ts';
import { pruneArchives } from './prune-archives.ts';
import { restoreItem } from './restore-item.ts';

type Work = (context: JobContext) => Promise<JobResult>;

const CHECKS: Readonly<Record<CheckSubject, Work>> = {
  client: prepareClient,
  repository: prepareRepository,
  hypervisor: checkHypervisor,
  machines: findMachines,
  archives: checkArchives,
};

/** Borg wants the repository for itself, to write to it or to check it. */
const isExclusive = ({ job_type, check }: PlannedJob): boolean =>
  job_type === 'job' || job_type === 'prune' || job_type === 'integrity' || check === 'archives';

const workOf = (job: PlannedJob): Work => {
  switch (job.job_type) {
    case 'job':
      return backUp;
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
      return restoreItem;
  }
};

/** Does the work of a job of any type. @throws JobFailure, JobStopped, SshError; anything else is trouble of our own */
export const perform = async (context: JobContext): Promise<JobResult> => {
  const { job, run } = context.plan;
  const work = (): Promise<JobResult> => workOf(job)(context);
  if (!run.repository || !isExclusive(job)) return work();
  return writing(context.parts.connection, run.repository.uuid, work);
};
