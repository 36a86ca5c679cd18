import { AppError, delay, fromWireError, InfrastructureError, isAppError, messageOf } from '@cyborgbackup/kernel';
import { errors } from '@nats-io/transport-node';
import { z } from 'zod';
import { notSealed, REQUEST_ID, wrapCall, type WrappedCall } from './call-envelope.ts';
import { forgetInboxes } from '../connection/inboxes.ts';
import { fromJson, toJson } from '../connection/json.ts';
import { createNatsConnection, type ConnectionSettings } from '../connection/nats-connection.ts';

export interface CallOptions<Schema extends z.ZodType> {
  /** What the answer must look like; `z.void()` when there is none. */
  readonly schema: Schema;
  /** How long to wait, a NATS outage included. */
  readonly deadlineMillis?: number;
}

export interface RpcClient {
  /**
   * @param subject the handler's pattern, such as `inventory.client.register`; its first part names the service
   * @throws AppError whatever the handler threw; `unavailable` when it certainly was not reached; `deadline` when no
   * answer came in time, in which case it may or may not have handled the request
   */
  call<Schema extends z.ZodType>(
    subject: string,
    payload: unknown,
    options: CallOptions<Schema>,
  ): Promise<z.output<Schema>>;
  isReady(): boolean;
  close(): Promise<void>;
}

type Answer = ReturnType<WrappedCall['openAnswer']>;

const replySchema = z.object({ err: z.unknown().optional(), response: z.unknown().optional() });

/** A service that is being restarted, or that reconnects to NATS a little later than we did, gets this long to be back. */
const MISSING_MILLIS = 1_000;
const MISSING_PAUSE_MILLIS = 100;

/**
 * Speaks Nest's envelope over plain NATS requests. Nest's own client is no slower, but it waits for ever, hands errors
 * over as whatever they were on the wire, and rejects or drops requests while the connection is away.
 */
export const createRpcClient = async (options: ConnectionSettings): Promise<RpcClient> => {
  const { logger } = options;
  const connection = await createNatsConnection(options);

  const send = async (subject: string, text: string, givesUpAt: number): Promise<Answer> => {
    // Written into a broken connection, a request would be lost, or handled long after the caller gave up.
    if (!connection.isConnected() && !(await connection.whenConnected(givesUpAt - Date.now()))) {
      throw new InfrastructureError(
        'unavailable',
        `NATS is away, so ${serviceOf(subject)} cannot be reached; is it running?`,
      );
    }
    const timeout = Math.max(1, givesUpAt - Date.now());
    const { body, headers, openAnswer } = wrapCall(connection, { subject, text, deadlineMillis: timeout });
    forgetInboxes();
    const answer = await connection.nats.request(subject, body, { timeout, headers });
    return openAnswer(answer);
  };

  const request = async (subject: string, text: string, deadlineMillis: number): Promise<Answer> => {
    const now = Date.now();
    const missingUntil = now + Math.min(MISSING_MILLIS, deadlineMillis);
    for (;;) {
      try {
        return await send(subject, text, now + deadlineMillis);
      } catch (error) {
        if (!hasNoResponders(error) || Date.now() >= missingUntil) throw callError(subject, deadlineMillis, error);
        await delay(MISSING_PAUSE_MILLIS);
      }
    }
  };

  const call = async <Schema extends z.ZodType>(
    subject: string,
    payload: unknown,
    { schema, deadlineMillis = 5_000 }: CallOptions<Schema>,
  ): Promise<z.output<Schema>> => {
    const body = toJson({ pattern: subject, data: payload, id: REQUEST_ID });
    const reply = readReply(subject, await request(subject, body, deadlineMillis));
    const answer = reply && !reply.err ? schema.safeParse(reply.response) : undefined;
    if (answer?.success) return answer.data;
    if (isAppError(reply?.err)) throw fromWireError(reply.err);
    logger.error({ subject, issues: answer?.error.issues }, 'an answer does not fit its schema');
    throw new AppError('internal', `${serviceOf(subject)} gave an answer that this version does not understand.`);
  };

  return { call, isReady: connection.isConnected, close: connection.close };
};

/** @returns undefined for what is no reply at all */
const readReply = (subject: string, { data, isAuthentic }: Answer): z.output<typeof replySchema> | undefined => {
  const reply = replySchema.safeParse(fromJson(data)).data;
  if (!isAuthentic && !reply?.err) throw notSealed(subject);
  return reply;
};

/** The first part of a subject names its service. */
const serviceOf = (subject: string): string => `the ${subject.split('.', 1)[0] ?? subject} service`;

const hasNoResponders = (error: unknown): boolean => error instanceof errors.RequestError && error.isNoResponders();

const isNotPermitted = (error: unknown): boolean =>
  [error, error instanceof Error ? error.cause : undefined].some(
    (each) => each instanceof errors.PermissionViolationError,
  );

const callError = (subject: string, deadlineMillis: number, error: unknown): AppError => {
  if (error instanceof AppError) return error;
  if (error instanceof errors.TimeoutError) {
    return new InfrastructureError(
      'deadline',
      `${serviceOf(subject)} did not answer ${subject} within ${deadlineMillis} ms.`,
    );
  }
  if (hasNoResponders(error)) {
    return new InfrastructureError('unavailable', `${serviceOf(subject)} is not running: nobody answers ${subject}.`);
  }
  if (isNotPermitted(error)) {
    const advice = 'give NATS the permissions of this version ("npm run keys", then start it again).';
    return new AppError('unavailable', `NATS does not let this service call ${subject}: ${advice}`, { cause: error });
  }
  if (error instanceof errors.InvalidArgumentError) {
    return new AppError('validation', `The request ${subject} is too large to be sent.`);
  }
  return new InfrastructureError('deadline', `The answer to ${subject} was lost: ${messageOf(error)}.`, {
    cause: error,
  });
};
