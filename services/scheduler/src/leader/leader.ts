import type { Clocks } from '@cyborgbackup/database';
import type { EventStore } from '@cyborgbackup/event-store';
import type { Logger } from '@cyborgbackup/kernel';
import type { JobQueue } from '@cyborgbackup/messaging';
import type { QueueEntry } from '../queue/queue-entry.ts';
import type { Queue } from '../queue/queue.ts';
import type { Timetable } from '../timetable/timetable.ts';
import type { JobPublisher } from './job-publisher.ts';
import type { RetryLoop } from './retry-loop.ts';
import type { Watermark } from './watermark.ts';
import type { RunDeps } from '../runs/run-deps.ts';

export interface LeaderDeps extends RunDeps {
  readonly store: EventStore;
  readonly logger: Logger;
  /** `clock`, and the one it has to agree with. */
  readonly clocks: Clocks;
  readonly jobQueue: Pick<JobQueue, 'publish' | 'listQueued'>;
  /** See `GrantLimits`. */
  readonly maxRunning: number;
  /** How long it may take until a job is found to be missing from the job queue; default: 30 seconds. */
  readonly republishMillis?: number;
  /** How exactly pauses of jobs are kept; default: half a second. */
  readonly pauseMillis?: number;
}

/** What the activities of a leader share. */
export interface Leader {
  readonly deps: LeaderDeps;
  readonly queue: Queue;
  readonly timetable: Timetable;
  readonly publisher: JobPublisher;
  readonly extender: RetryLoop;
  /** The position of the log up to which queue and timetable are folded. */
  readonly folded: Watermark;
  /** Jobs that were granted in the queue, while the append to the log is under way. */
  readonly appending: Set<QueueEntry>;
}
