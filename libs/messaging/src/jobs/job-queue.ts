import { AppError, InfrastructureError, messageOf, type Logger } from '@cyborgbackup/kernel';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { contextHeaders, ownContext } from '../connection/context-header.ts';
import { consumeJobs, type ConsumeOptions } from './job-consumer.ts';
import type { JobMessage } from './job-message.ts';
import type { JobQueueDeps } from './job-queue-deps.ts';
import { ACK_WAIT_MILLIS, ensureJobStreams, type JobStreams } from './job-streams.ts';
import { deadStreamOf, deadSubjectOf, JOB_STREAM, JOB_SUBJECT } from './job-subjects.ts';
import { listQueuedJobs } from './list-queued-jobs.ts';
import { toJson } from '../connection/json.ts';
import type { Connection } from '../connection/nats-connection.ts';

export interface JobQueueOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly stream?: string;
  readonly subject?: string;
  /** How long a message may go without a sign of life before another executor gets it. */
  readonly ackWaitMillis?: number;
  /** Deliveries before a message is given up; those that a stopping executor gave back count. */
  readonly maxDeliver?: number;
  /**
   * Whether this process may make the streams of the queue. False where NATS gives that right to `prepareJobQueue` alone; the
   * streams are then expected to be there. Default: true.
   */
  readonly makesStreams?: boolean;
  /** Pause before a failed delivery is tried again; it doubles with each attempt, up to five minutes. */
  readonly retryMillis?: number;
}

export interface JobQueue {
  /**
   * The same `dedupId` within two minutes queues nothing.
   * @throws AppError `unavailable` when it is not known to be queued; publishing it again with the same id is safe
   */
  publish(message: JobMessage, options: { readonly dedupId: string }): Promise<{ readonly duplicate: boolean }>;
  /**
   * The jobs in the queue now, each with its latest grant: not taken by an executor yet, or taken and not acknowledged. A job that
   * is in there under its grant need not be published once more.
   * @throws AppError `unavailable` when JetStream does not answer
   */
  listQueued(): Promise<ReadonlyMap<string, number>>;
  /**
   * Resolves once stopped by the signal, or by the connection being closed. It survives NATS going away and coming
   * back, even without its streams.
   */
  consume(options: ConsumeOptions): Promise<void>;
}

const PUBLISH_MILLIS = 5_000;

const streamsOf = (stream: string, subject: string): Omit<JobStreams, 'ackWaitMillis'> => ({
  ...{ stream, subject },
  deadStream: deadStreamOf(stream),
  deadSubject: deadSubjectOf(subject),
});

/** Makes the streams of the product's queue, for services that may not. @throws AppError `unavailable` */
export const prepareJobQueue = async (connection: Connection): Promise<void> => {
  const streams = { ...streamsOf(JOB_STREAM, JOB_SUBJECT), ackWaitMillis: ACK_WAIT_MILLIS };
  try {
    await ensureJobStreams(await jetstreamManager(connection.nats, { checkAPI: false }), streams);
  } catch (error) {
    throw unavailable(error);
  }
};

/**
 * A work queue of jobs on JetStream, with dead letters beside it (`<stream>_DEAD`, subject `jobs.dead` for `jobs.work`).
 * Delivery is at least once and a late acknowledgement counts, so the queue is no lock: the handler of a message
 * starts the job in the event log first, which one executor alone can do.
 * @throws AppError `unavailable` when JetStream does not answer
 */
export const createJobQueue = async (options: JobQueueOptions): Promise<JobQueue> => {
  const { connection, logger, stream = JOB_STREAM, subject = JOB_SUBJECT, makesStreams = true } = options;
  const { ackWaitMillis = ACK_WAIT_MILLIS, maxDeliver = 10, retryMillis = 1_000 } = options;
  const streams = { ...streamsOf(stream, subject), ackWaitMillis };
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  const client = jetstream(connection.nats);
  const ensure = async (): Promise<void> => (makesStreams ? ensureJobStreams(manager, streams) : undefined);
  const deps: JobQueueDeps = { connection, logger, streams, maxDeliver, retryMillis, client, ensure };

  const send: JobQueue['publish'] = async (message, { dedupId }) => {
    const headers = contextHeaders(ownContext(connection.name));
    const sent = await client.publish(subject, toJson(message), { msgID: dedupId, headers, timeout: PUBLISH_MILLIS });
    return { duplicate: sent.duplicate };
  };

  const publish: JobQueue['publish'] = async (message, publishOptions) => {
    try {
      if (!(await connection.whenConnected(PUBLISH_MILLIS))) throw new Error('NATS is away');
      // Publishing fails when the stream is gone.
      return await send(message, publishOptions).catch(() => ensure().then(() => send(message, publishOptions)));
    } catch (error) {
      throw unavailable(error);
    }
  };

  await ensure().catch((error: unknown) => Promise.reject(unavailable(error)));
  return {
    publish,
    listQueued: () => listQueuedJobs(connection, streams),
    consume: (consumeOptions) => consumeJobs(deps, consumeOptions),
  };
};

const unavailable = (cause: unknown): AppError =>
  new InfrastructureError(
    'unavailable',
    `The job queue is out of order (${messageOf(cause)}); check NATS and its disk, and that the role prepare has run.`,
    {
      cause,
    },
  );
