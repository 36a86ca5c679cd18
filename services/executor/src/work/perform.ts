import { JobFailure } from '../job/job-failure.ts';
import type { JobResult } from '../job/job-result.ts';
import { backUp } from './back-up.ts';
import type { JobContext } from './job-context.ts';
import { listArchive } from './list-archive.ts';
import { prepareClient } from './prepare-client.ts';
import { prepareRepository } from './prepare-repository.ts';
import { pruneArchives } from './prune-archives.ts';
import { restoreItem } from './restore-item.ts';

/** Does the work of a job of any type. @throws JobFailure, JobStopped, SshError; anything else is trouble of our own */
export const perform = async (context: JobContext): Promise<JobResult> => {
  const { job } = context.plan;
  switch (job.job_type) {
    case 'job':
      return backUp(context);
    case 'check':
      return job.client ? prepareClient(context) : prepareRepository(context);
    case 'catalog':
      return listArchive(context);
    case 'prune':
      return pruneArchives(context);
    case 'restore':
      return restoreItem(context);
    case 'integrity':
      throw new JobFailure(`Jobs of the type ${job.job_type} cannot be run by this version yet.`, { status: 'error' });
  }
};
