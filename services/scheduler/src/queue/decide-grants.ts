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

/** An event, and the job it is about: once its grant is released the queue may have forgotten it. */
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
 * 1. Grants of jobs that have ended or pause are released, so that what they held can be granted in the same append.
 * 2. Jobs whose dependencies have all succeeded are recorded as ready.
 * 3. Ready jobs are granted in the order of `compareCandidates`.
 */
export const decideGrants = (queue: Queue, limits: GrantLimits): readonly GrantDecision[] => {
  const decisions: GrantDecision[] = [];
  const decide = (event: GrantEvent, entry: QueueEntry): void => {
    decisions.push({ event, entry });
    evolveGrant(queue, event, queue.version + 1);
  };
  const hasRoom = (): boolean => decisions.length < limits.maxEvents;
  const decideAll = (entries: ReadonlySet<QueueEntry>, type: 'grant-released' | 'job-ready'): void => {
    for (const entry of entries) {
      if (!hasRoom()) return;
      decide({ type, data: { job: entry.job.uuid } }, entry);
    }
  };
  decideAll(queue.toRelease, 'grant-released'); // 1
  decideAll(queue.toRecordReady, 'job-ready'); // 2
  while (hasRoom() && !isFull(queue.granted, limits) && !isHandedOut(queue.handedOut.size)) {
    const job = queue.ready.next();
    const entry = job && queue.entries.get(job.uuid);
    if (!entry) break;
    const { uuid, run, repository, client } = job;
    decide({ type: 'job-granted', data: { job: uuid, run, repository, client } }, entry); // 3
  }
  return decisions;
};

export const isFull = (running: number, { maxRunning }: Pick<GrantLimits, 'maxRunning'>): boolean =>
  maxRunning > 0 && running >= maxRunning;

/** Executors have not started the jobs that were granted. */
export const isHandedOut = (handedOut: number): boolean => handedOut >= MAX_HANDED_OUT;
