import type { EventOf } from '@cyborgbackup/kernel';
import { POLICY_DEFAULTS, type jobFailed, type jobSucceeded, type JobEvent } from '@cyborgbackup/contracts';

type Succeeded = EventOf<typeof jobSucceeded>;
type Failed = EventOf<typeof jobFailed>;

/** What a policy's snapshot has that says nothing else. */
const { drill_schedule: _unlike, ...runDefaults } = POLICY_DEFAULTS;
export const SNAPSHOT_DEFAULTS = runDefaults;

const NO_RESULT = { archive: null, restored: null, drill: null, check: null, warnings: [] };

/** A job that ended well, with nothing to tell but what is given. */
export const succeeded = (job: string, result: Partial<Succeeded['data']> = {}): Succeeded => ({
  type: 'job-succeeded',
  data: {
    job,
    attempt: 1,
    repository: null,
    client: null,
    repository_sizes: null,
    pruned: [],
    machines: [],
    ...NO_RESULT,
    ...result,
  },
});

export const failed = (job: string, reason: string, result: Partial<Failed['data']> = {}): Failed => ({
  type: 'job-failed',
  data: { job, attempt: 1, status: 'failed', reason, exit_code: 2, ...NO_RESULT, ...result },
});

type Lost = Extract<JobEvent, { type: 'job-attempt-lost' }>;

/** Another executor goes on with the job, or it pauses before its next attempt. */
export const lost = (job: string, reason: string, pause: Lost['data']['pause'] = null): Lost => ({
  type: 'job-attempt-lost',
  data: { job, attempt: 1, reason, transport: pause !== null, pause },
});
