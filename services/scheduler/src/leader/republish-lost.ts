import { delay, messageOf, type Logger } from '@cyborgbackup/kernel';
import type { EventStore } from '@cyborgbackup/event-store';
import type { JobQueue } from '@cyborgbackup/messaging';
import type { Queue } from '../queue/queue.ts';
import type { QueueEntry } from '../queue/queue-entry.ts';
import type { JobPublisher } from './job-publisher.ts';

export interface RepublishDeps {
  readonly store: Pick<EventStore, 'head'>;
  readonly logger: Logger;
  readonly jobQueue: Pick<JobQueue, 'queued'>;
  readonly publisher: Pick<JobPublisher, 'add'>;
  readonly queue: Pick<Queue, 'entries'>;
  /** Whether the job got its slot only now, so that its message need not be in the job queue yet. */
  readonly isOnItsWay: (entry: QueueEntry) => boolean;
  /** Resolves once the queue has folded the log up to there. */
  readonly whenFolded: (position: bigint, signal: AbortSignal) => Promise<void>;
  /** How long a job may be gone from the job queue unnoticed. */
  readonly everyMillis: number;
}

const isOut = ({ stage }: QueueEntry): boolean => stage === 'granted' || stage === 'running';

/**
 * A job that is with the executors has a message in the job queue until it has ended: should its executor die, that message
 * brings it back. When NATS lost its storage the messages are gone. So the two are compared now and then, and what is
 * missing is published once more; the executor that still works on such a job says so, and no other one takes it.
 *
 * An executor takes the message off after it wrote how the job ended: a job without a message either has ended, which the
 * queue knows once it has caught up with the log, or has lost it.
 */
const republishMissing = async (deps: RepublishDeps, signal: AbortSignal): Promise<void> => {
  const out = [...deps.queue.entries.values()]
    .filter((entry) => isOut(entry) && !deps.isOnItsWay(entry))
    .map((entry) => ({ entry, grantedAt: entry.grantedAt }));
  if (out.length === 0) return;
  const queued = await deps.jobQueue.queued();
  await deps.whenFolded(await deps.store.head(), signal);
  for (const { entry, grantedAt } of out) {
    const isLost = isOut(entry) && entry.grantedAt === grantedAt && !queued.has(entry.job.uuid);
    if (!isLost || signal.aborted) continue;
    deps.logger.warn({ job: entry.job.uuid }, 'a job has no message in the job queue: handing it out again');
    deps.publisher.add(entry);
  }
};

/** Looks until the signal aborts. While NATS is away there is nothing to be seen. */
export const republishLost = async (deps: RepublishDeps, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await delay(deps.everyMillis, signal);
    if (signal.aborted) return;
    try {
      await republishMissing(deps, signal);
    } catch (error) {
      deps.logger.warn({ reason: messageOf(error) }, 'the job queue could not be compared with the jobs; trying again');
    }
  }
};
