import type { GrantEvent } from '@cyborgbackup/contracts';
import { evolveSlot, type Queue } from './queue.ts';
import type { QueuedJob, QueueEntry } from './queue-entry.ts';

export interface SlotLimits {
  /** Slots granted at once over all repositories, not counting jobs that pause; 0 = as many as there are. */
  readonly maxRunning: number;
  /** At most so many events at once: they are appended together. */
  readonly maxEvents: number;
}

/** An event, and the job it is about: once its slot is freed the queue may not know it any more. */
export interface SlotDecision {
  readonly event: GrantEvent;
  readonly entry: QueueEntry;
}

/**
 * Jobs that may lie with the executors and not be started. What is handed out is taken in the order of its coming; only
 * here do priority and fairness hold. So when the executors are busy, or none is there, jobs wait here. Executors that are
 * free take so many within some milliseconds.
 */
export const MAX_HANDED_OUT = 4;

/**
 * What is to be appended to the queue's stream now, already applied to the queue: when the append fails, the queue is no
 * longer what the log says and must be loaded again.
 *
 * 1. Slots of jobs that have ended are freed, so that what they held can be granted in the same append.
 * 2. Jobs whose needs have all succeeded are announced.
 * 3. Free slots are granted, one after the other, to whose turn it is.
 */
export const decideSlots = (queue: Queue, limits: SlotLimits): readonly SlotDecision[] => {
  const decided: SlotDecision[] = [];
  const append = (event: GrantEvent, entry: QueueEntry): void => {
    decided.push({ event, entry });
    evolveSlot(queue, event, queue.version + 1);
  };
  const hasRoom = (): boolean => decided.length < limits.maxEvents;
  const appendAll = (entries: ReadonlySet<QueueEntry>, type: 'grant-released' | 'job-ready'): void => {
    for (const entry of entries) {
      if (!hasRoom()) return;
      append({ type, data: { job: entry.job.uuid } }, entry);
    }
  };
  appendAll(queue.toFree, 'grant-released');
  appendAll(queue.toAnnounce, 'job-ready');
  while (hasRoom() && !isFull(countRunning(queue), limits) && !isHandedOut(queue.handedOut.size)) {
    const job = queue.lanes.next();
    const entry = job && queue.entries.get(job.uuid);
    if (!entry) break;
    append({ type: 'job-granted', data: grantOf(job) }, entry);
  }
  return decided;
};

/**
 * A job that pauses before its next attempt, some minutes, keeps its repository and its client, but nobody runs it: a few
 * hosts that are off must not stop all others. So when it goes on there may be one more than the limit for a while.
 */
const countRunning = ({ granted, pausing }: Pick<Queue, 'granted' | 'pausing'>): number => granted - pausing.size;

export const isFull = (running: number, { maxRunning }: Pick<SlotLimits, 'maxRunning'>): boolean =>
  maxRunning > 0 && running >= maxRunning;

/** The executors have not taken what they were given. */
export const isHandedOut = (handedOut: number): boolean => handedOut >= MAX_HANDED_OUT;

const grantOf = ({
  uuid,
  run,
  repository,
  client,
}: QueuedJob): Extract<GrantEvent, { type: 'job-granted' }>['data'] => ({
  job: uuid,
  run,
  repository,
  client,
});
