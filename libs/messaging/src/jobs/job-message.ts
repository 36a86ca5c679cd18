import { z } from 'zod';

/**
 * All that is queued: which job of which run, and under which grant. A message may come again when its grant is long given up, so
 * the job's stream says from which grant on it may be started. What the job is about is read from the event log, too.
 */
export const jobMessage = z.strictObject({ job: z.uuid(), run: z.uuid(), grant: z.int().min(1) });
export type JobMessage = z.infer<typeof jobMessage>;

/** done = dealt with; drop = another executor has the job. Both take the message off the queue. */
export type JobOutcome = 'done' | 'drop';

export interface JobDelivery {
  /** 1 for the first delivery. A delivery that a stopping executor gave back counts. */
  readonly attempt: number;
  /** Fires when the executor is stopping and its grace has passed: end now, the job goes back to the queue. */
  readonly signal: AbortSignal;
}

export type JobHandler = (message: JobMessage, delivery: JobDelivery) => Promise<JobOutcome>;

/** Why a message was given up. */
export interface DeadReason {
  /** malformed = no job ids in it; exhausted = delivered too often; otherwise the code of the handler's error. */
  readonly code: string;
  readonly message: string;
  readonly attempt: number;
}

/** Called before a message is given up; when it throws, the message comes back. `message` is absent if malformed. */
export type DeadHandler = (message: JobMessage | undefined, reason: DeadReason) => Promise<void>;

/** Thrown by a handler that wants the job to come back after a delay of its own choice. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly delayMillis: number;

  constructor(delayMillis: number, reason: string) {
    super(reason);
    this.delayMillis = delayMillis;
  }
}
