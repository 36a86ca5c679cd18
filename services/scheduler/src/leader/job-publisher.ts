import { delay, messageOf, runInContext, systemContext, type Logger } from '@cyborgbackup/kernel';
import type { JobQueue } from '@cyborgbackup/messaging';
import type { QueueEntry } from '../queue/queue-entry.ts';

export interface JobPublisher {
  /** Hands a granted job to the executors, as soon as that can be done; once more if it was handed out before. */
  add(entry: QueueEntry): void;
  /** Whether the job is still to be handed out. */
  has(entry: QueueEntry): boolean;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MILLIS = 1_000;
const LONG_MILLIS = 60_000;

/**
 * Publishes one job after the other, each until it is in the job queue: while NATS is away jobs are granted all the same,
 * and wait here. It holds no more than the jobs that are granted. A message that is sent again because its arrival was
 * not confirmed is dropped for its id.
 */
export const createJobPublisher = (queue: Pick<JobQueue, 'publish'>, logger: Logger): JobPublisher => {
  const waiting = new Set<QueueEntry>();
  let wake = new AbortController();

  const publish = async ({ job, grantedAt }: QueueEntry): Promise<void> => {
    const message = { job: job.uuid, run: job.run };
    const context = systemContext('scheduler', { correlationId: job.correlationId });
    await runInContext(context, () => queue.publish(message, { dedupId: `${job.uuid}-${grantedAt ?? 0}` }));
  };

  const publishOne = async (entry: QueueEntry, signal: AbortSignal): Promise<void> => {
    try {
      if (entry.grantedAt !== undefined && entry.stage !== 'ended') await publish(entry);
      waiting.delete(entry);
    } catch (error) {
      logger.warn({ job: entry.job.uuid, reason: messageOf(error) }, 'a job could not be handed out; trying again');
      await delay(RETRY_MILLIS, signal);
    }
  };

  return {
    add: (entry) => {
      waiting.add(entry);
      wake.abort();
    },
    has: (entry) => waiting.has(entry),
    run: async (signal) => {
      while (!signal.aborted) {
        wake = new AbortController();
        const [first] = waiting;
        if (first) await publishOne(first, signal);
        else await delay(LONG_MILLIS, AbortSignal.any([wake.signal, signal]));
      }
    },
  };
};
