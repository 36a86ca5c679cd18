import type { Logger } from '@cyborgbackup/kernel';
import type { DeadHandler, JobHandler, JobMessage } from './job-message.ts';
import type { Connection } from './nats-connection.ts';

export interface JobQueueOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly stream?: string;
  readonly subject?: string;
  /** How long a message may go without a sign of life before another executor gets it. */
  readonly ackWaitMillis?: number;
  /** Deliveries before a message is given up. */
  readonly maxDeliver?: number;
}

export interface ConsumeOptions {
  /** Jobs running at once; no more messages than that are taken from the queue. */
  readonly slots: number;
  /** Stops consuming. */
  readonly signal: AbortSignal;
  readonly handler: JobHandler;
  readonly onDead?: DeadHandler;
  /** How long running handlers may go on once `signal` fired. */
  readonly graceMillis?: number;
}

export interface JobQueue {
  /** The same `dedupId` within two minutes queues nothing. @throws AppError `unavailable` when it is not queued */
  publish(message: JobMessage, options: { readonly dedupId: string }): Promise<{ readonly duplicate: boolean }>;
  /** Resolves once stopped by the signal. It survives NATS going away and coming back, even without its streams. */
  consume(options: ConsumeOptions): Promise<void>;
}

export const createJobQueue = (_options: JobQueueOptions): Promise<JobQueue> => Promise.reject(new Error('soon'));
