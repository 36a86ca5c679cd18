import type { JobCommand } from '../job/job-decider.ts';
import type { EndedDependency, QueueEntry } from './queue-entry.ts';

const SKIPPED = 'Skipped: ';

/**
 * How a job ends when a dependency did not succeed. After a failed preparation it fails too, for the preparation's own reason,
 * so that users who look at the backup see what to do. After any other job it is skipped.
 */
export const outcomeOfFailedDependency = (
  { job: { uuid: job } }: QueueEntry,
  { name, job_type: jobType, end, reason }: EndedDependency,
): JobCommand => {
  // A dependency that was skipped itself names the cause, however long the chain.
  if (reason.startsWith(SKIPPED)) return { type: 'skip', job, reason };
  if (jobType === 'check' && end !== 'canceled') return { type: 'fail', job, reason: `"${name}" failed: ${reason}` };
  return { type: 'skip', job, reason: `${SKIPPED}"${name}" ${end === 'canceled' ? 'was canceled' : 'failed'}.` };
};
