import { delay, messageOf, settledWithin, untilAborted } from '@cyborgbackup/kernel';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { createJobDelivery, giveBack, type DeliveryOptions, type RunningJob } from './job-delivery.ts';
import type { JobQueueDeps } from './job-queue-deps.ts';
import { JOB_CONSUMER } from './job-subjects.ts';

export interface ConsumeOptions extends DeliveryOptions {
  /** Jobs running at once; no more messages than that are taken from the queue. */
  readonly concurrency: number;
  /** Stops consuming. */
  readonly signal: AbortSignal;
  /** How long running handlers may go on once `signal` fired, before their own signal fires. */
  readonly graceMillis?: number;
}

/**
 * One request for a message stands this long. A pull cannot be taken back without losing a message that is just on
 * its way (until its ack wait is over), so stopping waits for it to lapse: keep it short.
 */
const PULL_MILLIS = 1_000;
/** For a pull whose end we were not told, because the connection went. */
const PULL_SPARE_MILLIS = 1_000;
/** After a fault of the queue, and for handlers to end in when the grace is over. */
const RECOVER_MILLIS = 1_000;
const ABORTED_MILLIS = 8_000;

/**
 * Each of `concurrency` workers asks for one message, runs it to its end, and asks again. Stopping has three steps:
 *
 *   signal fires       workers take no new message; what still arrives is given back; running handlers go on
 *   grace is over      the handlers' own signal fires; one that then fails has its message given back at once
 *   8 s later          the messages of those still running are given back anyway
 */
export const consumeJobs = async (deps: JobQueueDeps, options: ConsumeOptions): Promise<void> => {
  const { connection } = deps;
  const { concurrency, signal, graceMillis = 30_000 } = options;
  const handlersAbort = new AbortController();
  const running = new Set<RunningJob>();
  const deliver = createJobDelivery(deps, { ...options, signal: handlersAbort.signal }, running);
  const take = createTake(deps, signal);

  const runWorker = async (): Promise<void> => {
    while (!signal.aborted && !connection.nats.isClosed()) {
      const message = await take();
      // AbortSignal changes while we wait.
      if (message && signal.aborted) giveBack(message);
      else if (message) await deliver(message);
    }
  };
  const stopped = Promise.all(Array.from({ length: concurrency }, runWorker));

  await untilAborted(stopped, signal);
  const grace = setTimeout(() => handlersAbort.abort(), graceMillis);
  if (!(await settledWithin(stopped, graceMillis + ABORTED_MILLIS))) for (const job of running) job.giveBack();
  clearTimeout(grace);
  if (connection.isConnected()) await settledWithin(connection.nats.flush(), RECOVER_MILLIS);
};

/** Waits for a message, for a short while: `undefined` when none came, or when the queue had to be looked after. */
const createTake = (deps: JobQueueDeps, signal: AbortSignal): (() => Promise<JsMsg | undefined>) => {
  const { connection, logger, client, streams } = deps;
  let consumer: Promise<Consumer> | undefined;
  let recovering: Promise<void> | undefined;

  const recover = async (cause: unknown): Promise<void> => {
    consumer = undefined;
    if (connection.isConnected()) {
      logger.warn({ reason: messageOf(cause) }, 'the job queue does not deliver; making sure that it exists');
      await deps.ensure().catch((error: unknown) => logger.warn({ err: error }, 'the job queue could not be made'));
    }
    await delay(RECOVER_MILLIS, signal);
    recovering = undefined;
  };

  return async () => {
    if (recovering) await recovering;
    if (!(await connection.whenConnected(PULL_MILLIS))) return undefined;
    try {
      consumer ??= client.consumers.get(streams.stream, JOB_CONSUMER);
      return await pullOne(await consumer);
    } catch (error) {
      recovering ??= recover(error);
      return undefined;
    }
  };
};

const pullOne = async (consumer: Consumer): Promise<JsMsg | undefined> => {
  const messages = await consumer.fetch({ max_messages: 1, expires: PULL_MILLIS });
  const overdue = setTimeout(() => messages.stop(), PULL_MILLIS + PULL_SPARE_MILLIS);
  try {
    for await (const message of messages) return message;
    return undefined;
  } finally {
    clearTimeout(overdue);
  }
};
