import { hasCode, isAppError, messageOf, runInContext } from '@cyborgbackup/kernel';
import type { JsMsg } from '@nats-io/jetstream';
import { headers as createHeaders } from '@nats-io/transport-node';
import { unsignedContext } from '../connection/context-header.ts';
import {
  jobMessage,
  RetryLater,
  type DeadHandler,
  type DeadReason,
  type JobHandler,
  type JobMessage,
} from './job-message.ts';
import type { JobQueueDeps } from './job-queue-deps.ts';
import { fromJson } from '../connection/json.ts';
import { HEARTBEATS_PER_ACK_WAIT } from './job-streams.ts';

export interface RunningJob {
  /** Gives the message back at once; whatever the handler does after that no longer counts. */
  giveBack(): void;
}

export interface DeliveryOptions {
  readonly handler: JobHandler;
  readonly onDead?: DeadHandler;
  /** Handed on to handlers. */
  readonly signal: AbortSignal;
}

const LONGEST_RETRY_MILLIS = 300_000;
const ACKNOWLEDGE_MILLIS = 5_000;

/** Hands a message to the next executor that asks. When that cannot be sent, it comes back after the ack wait anyway. */
export const giveBack = (message: JsMsg): void => {
  try {
    message.nak();
  } catch {
    // The connection was closed on purpose.
  }
};

/** An exception in a timer would end the process. */
const beat = (message: JsMsg): void => {
  try {
    message.working();
  } catch {
    // As above.
  }
};

/**
 * What becomes of one delivered message:
 *
 *   no job ids in it, or delivered more than `maxDeliver` times    -> dead
 *   handler ends (done, drop)                                      -> taken off the queue
 *   handler fails, and we are stopping                             -> given back at once
 *   handler fails with RetryLater, `unavailable` or `deadline`     -> given back with a delay; the last time -> dead
 *   handler fails otherwise                                        -> dead
 *   dead: a copy into the dead letters, `onDead`, taken off; if that fails -> given back with a delay, all over again
 *
 * While any of this goes on, a heartbeat keeps the server from handing the message to another executor. When the process
 * dies the heartbeat ends with it, and the message comes back after the ack wait.
 */
export const createJobDelivery = (
  deps: JobQueueDeps,
  options: DeliveryOptions,
  running: Set<RunningJob>,
): ((message: JsMsg) => Promise<void>) => {
  const { connection, logger, maxDeliver, client, streams } = deps;
  const { handler, onDead, signal } = options;

  /** What is sent while NATS is away is lost without an error. */
  const connected = async (): Promise<void> => {
    if (!(await connection.whenConnected(streams.ackWaitMillis))) throw new Error('NATS is away');
  };

  /** Never rejects. An acknowledgement that is lost means one more delivery, which the job's own stream turns away. */
  const takeOff = async (message: JsMsg): Promise<void> => {
    try {
      await connected();
      await message.ackAck({ timeout: ACKNOWLEDGE_MILLIS });
    } catch (error) {
      logger.warn(
        { err: error, sequence: message.seq },
        'an acknowledgement was lost; the job will be delivered again',
      );
    }
  };

  const deadLetter = async (message: JsMsg, job: JobMessage | undefined, reason: DeadReason): Promise<void> => {
    try {
      await connected();
      await client.publish(streams.deadSubject, message.data, {
        msgID: `${streams.stream}-${message.seq}`,
        headers: deadHeaders(message, reason),
      });
      await onDead?.(job, reason);
    } catch (error) {
      logger.error({ err: error, ...job, reason }, 'a dead job could not be recorded; trying again later');
      return message.nak(retryDelay(deps.retryMillis, message.info.deliveryCount));
    }
    logger.error({ ...job, reason }, 'gave a job up');
    await takeOff(message);
  };

  const fail = async (message: JsMsg, job: JobMessage, error: unknown): Promise<void> => {
    const attempt = message.info.deliveryCount;
    if (signal.aborted) return message.nak();
    if (!isRetryable(error)) {
      const code = isAppError(error) ? error.code : 'internal';
      logger.error({ err: error, ...job }, 'a job handler failed');
      return deadLetter(message, job, { code, message: messageOf(error), attempt });
    }
    if (attempt >= maxDeliver) return deadLetter(message, job, exhausted(attempt, messageOf(error)));
    const wait = error instanceof RetryLater ? error.delayMillis : retryDelay(deps.retryMillis, attempt);
    logger.warn({ ...job, attempt, reason: messageOf(error), retryInMillis: wait }, 'a job will be tried again');
    message.nak(wait);
  };

  const handle = async (message: JsMsg): Promise<void> => {
    const attempt = message.info.deliveryCount;
    const parsed = jobMessage.safeParse(fromJson(message.data));
    if (!parsed.success)
      return deadLetter(message, undefined, { code: 'malformed', message: 'no job ids in it', attempt });
    const job = parsed.data;
    if (attempt > maxDeliver) return deadLetter(message, job, exhausted(attempt, 'its executors died'));
    try {
      const outcome = await handler(job, { attempt, signal });
      if (outcome === 'drop') logger.debug({ ...job, attempt }, 'dropped a message: another executor has the job');
    } catch (error) {
      return fail(message, job, error);
    }
    await takeOff(message);
  };

  return async (message) => {
    const heartbeat = setInterval(() => beat(message), streams.ackWaitMillis / HEARTBEATS_PER_ACK_WAIT);
    const job: RunningJob = {
      giveBack: () => {
        clearInterval(heartbeat);
        giveBack(message);
      },
    };
    running.add(job);
    try {
      await runInContext(unsignedContext(message.headers, connection.name), () => handle(message));
    } catch (error) {
      logger.error({ err: error, sequence: message.seq }, 'a job message could not be acknowledged');
    } finally {
      clearInterval(heartbeat);
      running.delete(job);
    }
  };
};

const isRetryable = (error: unknown): boolean =>
  error instanceof RetryLater || hasCode(error, 'unavailable') || hasCode(error, 'deadline');

const exhausted = (attempt: number, last: string): DeadReason => ({
  code: 'exhausted',
  message: `delivered ${attempt} times; the last time: ${last}`,
  attempt,
});

/** Doubles with each attempt; the random half keeps jobs that failed together from coming back together. */
const retryDelay = (base: number, attempt: number): number => {
  const longest = Math.min(base * 2 ** (attempt - 1), LONGEST_RETRY_MILLIS);
  return Math.round(longest * (0.5 + Math.random() / 2));
};

const deadHeaders = (message: JsMsg, reason: DeadReason): ReturnType<typeof createHeaders> => {
  const headers = createHeaders();
  headers.set('Dead-Code', reason.code);
  headers.set('Dead-Reason', reason.message.replace(/\s+/g, ' ').slice(0, 500));
  headers.set('Dead-Attempt', String(reason.attempt));
  headers.set('Dead-Sequence', String(message.seq));
  return headers;
};
