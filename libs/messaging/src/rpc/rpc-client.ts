import {
  AppError,
  currentContext,
  delay,
  fromWireError,
  InfrastructureError,
  isAppError,
  messageOf,
  systemContext,
} from '@cyborgbackup/kernel';
import { errors, type Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import { contextHeaders } from '../connection/context-header.ts';
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

const replySchema = z.object({ err: z.unknown().optional(), response: z.unknown().optional() });

/** Nest wants an id on every request. The reply's inbox already tells requests apart. */
const REQUEST_ID = '1';

/** A service that is being restarted, or that reconnects to NATS a little later than we did, gets this long to be back. */
const MISSING_MILLIS = 1_000;
const MISSING_PAUSE_MILLIS = 100;

/**
 * Speaks Nest's envelope over plain NATS requests. Nest's own client is no slower, but it waits for ever, hands errors
 * over as whatever they were on the wire, and rejects or drops requests while the connection is away.
 */
export const createRpcClient = async (options: ConnectionSettings): Promise<RpcClient> => {
  const { name, logger } = options;
  const connection = await createNatsConnection(options);

  const send = async (subject: string, body: string, givesUpAt: number): Promise<Msg> => {
    // Written into a broken connection, a request would be lost, or handled long after the caller gave up.
    if (!connection.isConnected() && !(await connection.whenConnected(givesUpAt - Date.now()))) {
      throw new InfrastructureError(
        'unavailable',
        `NATS is away, so ${serviceOf(subject)} cannot be reached; is it running?`,
      );
    }
    const timeout = Math.max(1, givesUpAt - Date.now());
    const headers = contextHeaders(currentContext() ?? systemContext(name), timeout);
    return connection.nats.request(subject, body, { timeout, headers });
  };

  const request = async (subject: string, body: string, deadlineMillis: number): Promise<Msg> => {
    const now = Date.now();
    const missingUntil = now + Math.min(MISSING_MILLIS, deadlineMillis);
    for (;;) {
      try {
        return await send(subject, body, now + deadlineMillis);
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
    const message = await request(subject, body, deadlineMillis);
    const reply = replySchema.safeParse(fromJson(message.data));
    const answer = reply.success && !reply.data.err ? schema.safeParse(reply.data.response) : undefined;
    if (answer?.success) return answer.data;
    if (isAppError(reply.data?.err)) throw fromWireError(reply.data.err);
    logger.error({ subject, issues: answer?.error.issues }, 'an answer does not fit its schema');
    throw new AppError('internal', `${serviceOf(subject)} gave an answer that this version does not understand.`);
  };

  return { call, isReady: connection.isConnected, close: connection.close };
};

/** The first part of a subject names its service. */
const serviceOf = (subject: string): string => `the ${subject.split('.', 1)[0] ?? subject} service`;

const hasNoResponders = (error: unknown): boolean => error instanceof errors.RequestError && error.isNoResponders();

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
  if (error instanceof errors.InvalidArgumentError) {
    return new AppError('validation', `The request ${subject} is too large to be sent.`);
  }
  return new InfrastructureError('deadline', `The answer to ${subject} was lost: ${messageOf(error)}.`, {
    cause: error,
  });
};
