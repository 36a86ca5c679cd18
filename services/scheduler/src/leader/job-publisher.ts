import { messageOf, runInContext, systemContext, type Logger } from '@cyborgbackup/kernel';
import type { JobQueue } from '@cyborgbackup/messaging';
import type { QueueEntry } from '../queue/queue-entry.ts';
import { createRetryLoop } from './retry-loop.ts';

export interface JobPublisher {
  /** Hands a granted job to the executors as soon as possible; once more if it was handed out before. */
  add(entry: QueueEntry): void;
  /** Whether the job is still to be handed out. */
  has(entry: QueueEntry): boolean;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MILLIS = 1_000;

/**
 * Publishes one job after the other, each until it is in the job queue: while NATS is away jobs are granted all the same,
 * and wait here. It holds no more than the jobs that are granted. JetStream drops a message that is sent again because its
 * arrival was not confirmed, by its deduplication id.
 */
export const createJobPublisher = (queue: Pick<JobQueue, 'publish'>, logger: Logger): JobPublisher => {
  /** With the grant, which is in the log: by the time that a message can be sent the job may be about to get another one. */
  const waiting = new Map<QueueEntry, number>();

  const publish = async ([entry, grant]: [QueueEntry, number]): Promise<void> => {
    const { job, grantedAt, stage } = entry;
    if (grantedAt === grant && (stage === 'granted' || stage === 'running')) {
      const context = systemContext('scheduler', { correlationId: job.correlationId });
      const message = { job: job.uuid, run: job.run, grant };
      await runInContext(context, () => queue.publish(message, { dedupId: `${job.uuid}-${grant}` }));
    }
    if (waiting.get(entry) === grant) waiting.delete(entry);
  };

  const loop = createRetryLoop<[QueueEntry, number]>({
    pending: () => waiting,
    work: publish,
    retryMillis: RETRY_MILLIS,
    onError: (
      [
        {
          job: { uuid: job },
        },
      ],
      error,
    ) => logger.warn({ job, reason: messageOf(error) }, 'a job could not be handed out; trying again'),
  });

  return {
    add: (entry) => {
      if (entry.grantedAt === undefined) return;
      waiting.set(entry, entry.grantedAt);
      loop.wake();
    },
    has: (entry) => waiting.has(entry),
    run: loop.run,
  };
};
