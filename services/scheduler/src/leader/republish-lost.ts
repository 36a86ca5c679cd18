import { delay, messageOf } from '@cyborgbackup/kernel';
import type { QueueEntry } from '../queue/queue-entry.ts';
import type { Leader } from './leader.ts';

const REPUBLISH_MILLIS = 30_000;

/** Compares job queue and jobs until the signal aborts. While NATS is away that fails, and is tried again. */
export const republishLost = async (leader: Leader, signal: AbortSignal): Promise<void> => {
  const { logger, republishMillis = REPUBLISH_MILLIS } = leader.deps;
  while (!signal.aborted) {
    await delay(republishMillis, signal);
    if (signal.aborted) return;
    try {
      await republishMissing(leader, signal);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the job queue could not be compared with the jobs; trying again');
    }
  }
};

const isWithExecutors = ({ stage }: QueueEntry): boolean => stage === 'granted' || stage === 'running';

/**
 * A job that was handed to the executors has a message in the job queue until it has ended: should its executor die, that
 * message brings it back. When NATS lost its storage the messages are gone, and missing ones are published once more; the
 * executor that still works on such a job answers for it, and no other one starts it.
 *
 * An executor removes the message after it appended how the job ended. So a job without a message either has ended, which
 * the queue knows once it has folded the log up to its present end, or has lost its message.
 */
const republishMissing = async (leader: Leader, signal: AbortSignal): Promise<void> => {
  const { deps, queue, publisher, folded, appending } = leader;
  const handedOut = [...queue.entries.values()]
    .filter((entry) => isWithExecutors(entry) && !appending.has(entry) && !publisher.has(entry))
    .map((entry) => ({ entry, grantedAt: entry.grantedAt }));
  if (handedOut.length === 0) return;
  const queued = await deps.jobQueue.listQueued();
  await folded.waitFor(await deps.store.head());
  for (const { entry, grantedAt } of handedOut) {
    const isLost = isWithExecutors(entry) && entry.grantedAt === grantedAt && queued.get(entry.job.uuid) !== grantedAt;
    if (!isLost || signal.aborted) continue;
    deps.logger.warn({ job: entry.job.uuid }, 'a job has no message in the job queue: handing it out again');
    publisher.add(entry);
  }
};
