/** The one durable consumer; every executor pulls through it. The autoscaler reads its backlog by this name. */
export const JOB_CONSUMER = 'executors';

export const deadStreamOf = (stream: string): string => `${stream}_DEAD`;
export const deadSubjectOf = (subject: string): string => subject.replace(/[^.]+$/, 'dead');

/** The work queue of jobs, and where jobs go that were given up. */
export const JOB_STREAM = 'JOBS';
export const JOB_SUBJECT = 'jobs.work';
export const DEAD_STREAM = deadStreamOf(JOB_STREAM);
export const DEAD_SUBJECT = deadSubjectOf(JOB_SUBJECT);
