import type { JobCommand } from '../job/job-decider.ts';
import type { QueueEntry } from './queue-entry.ts';

const SKIPPED = 'Skipped: ';

/**
 * What becomes of a job when one that it needs did not succeed. Without its preparation a job has failed itself, for the
 * preparation's own reason, so that who looks at the backup sees what to do. What only follows up is skipped.
 */
export const fateOf = ({ job }: QueueEntry, need: QueueEntry): JobCommand => {
  // What was skipped itself says why: that is the cause, however long the chain.
  if (need.reason.startsWith(SKIPPED)) return { do: 'skip', job: job.uuid, reason: need.reason };
  const isFailedCheck = need.job.jobType === 'check' && need.end !== 'canceled';
  if (isFailedCheck) return { do: 'fail', job: job.uuid, reason: `"${need.job.name}" failed: ${need.reason}` };
  const end = need.end === 'canceled' ? 'was canceled' : 'failed';
  return { do: 'skip', job: job.uuid, reason: `${SKIPPED}"${need.job.name}" ${end}.` };
};
