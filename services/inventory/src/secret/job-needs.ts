import type { GivenSecret } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';

/** What decides over what a job needs. */
export type JobFacts = Pick<JobRow, 'job_type' | 'task'> & {
  /** Of the job's policy. */
  readonly pull: boolean;
  /** Feeds a dump to a database server. */
  readonly intoDatabase: boolean;
};

const checkNeeds = ({ task, pull }: JobFacts): readonly GivenSecret[] => {
  switch (task) {
    case 'client':
      return pull ? ['repository'] : [];
    case 'machines':
      return ['extra_vars'];
    case 'hypervisor':
      return [];
    default:
      return ['repository'];
  }
};

/** Beside the login, which every job needs for the hosts that it is about. */
const needsBeside = (job: JobFacts): readonly GivenSecret[] => {
  switch (job.job_type) {
    case 'job':
      return ['repository', 'extra_vars', 'prehook', 'posthook'];
    case 'check':
      return checkNeeds(job);
    case 'restore':
      return job.intoDatabase ? ['repository', 'extra_vars'] : ['repository'];
    case 'catalog':
    case 'prune':
    case 'integrity':
      return ['repository'];
  }
};

/** Which secrets a job is given: those that it works with, and no other. */
export const secretsNeededBy = (job: JobFacts): readonly GivenSecret[] => ['login', ...needsBeside(job)];
