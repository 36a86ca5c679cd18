import type { GrantEvent } from '@cyborgbackup/contracts';
import { evolveGrant } from './evolve-queue.ts';
import type { Queue } from './queue.ts';
import type { QueueEntry } from './queue-entry.ts';

export interface GrantLimits {
  /** Jobs that run at once over all repositories; 0 = no limit. */
  readonly maxRunning: number;
  /** Events that are decided at once: they are appended together. */
  readonly maxEvents: number;
}

/** An event, and the job it is about. */
export interface GrantDecision {
  readonly event: GrantEvent;
  readonly entry: QueueEntry;
}

/**
 * Granted jobs that executors have not started yet. Executors take jobs in the order in which they were handed out; priority
 * and fair shares hold only here. So while the executors are busy, or none is connected, jobs wait here. Free executors take
 * this many within milliseconds. See docs/decisions/0012-an-occurrence-is-a-run-or-an-event.md.
 */
export const MAX_HANDED_OUT = 4;

/**
 * What is to be appended to the queue's stream now, already applied to the queue: when the append fails, the queue differs
 * from the log and must be loaded again.
 *
 * 1. Ready jobs are granted in the order of `compareCandidates`.
 * 2. Jobs whose dependencies have all succeeded, and that were not granted, are recorded as ready.
 */
export const decideGrants = (queue: Queue, limits: GrantLimits): readonly GrantDecision[] => {
  const decisions: GrantDecision[] = [];
  const decide = (event: GrantEvent, entry: QueueEntry): void => {
    decisions.push({ event, entry });
    evolveGrant(queue, event, queue.version + 1);
  };
  const hasRoom = (): boolean => decisions.length < limits.maxEvents;
  while (hasRoom() && !isFull(queue.granted, limits) && !isHandedOut(queue.handedOut.size)) {
    const job = queue.ready.next();
    const entry = job && queue.entries.get(job.uuid);
    if (!entry) break;
    const { uuid, run, repository, client } = job;
    decide({ type: 'job-granted', data: { job: uuid, run, repository, client } }, entry); // 1
  }
  for (const entry of queue.toRecordReady) {
    if (!hasRoom()) break;
    decide({ type: 'job-ready', data: { job: entry.job.uuid } }, entry); // 2
  }
  return decisions;
};

export const isFull = (running: number, { maxRunning }: Pick<GrantLimits, 'maxRunning'>): boolean =>
  maxRunning > 0 && running >= maxRunning;

/** Executors have not started the jobs that were granted. */
export const isHandedOut = (handedOut: number): boolean => handedOut >= MAX_HANDED_OUT;
