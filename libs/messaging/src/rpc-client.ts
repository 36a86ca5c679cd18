import {
  AppError,
  currentContext,
  fromWireError,
  isAppError,
  messageOf,
  systemContext,
  type Logger,
} from '@cyborgbackup/kernel';
import { errors, type Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import { contextHeaders } from './context-header.ts';
import { fromJson, toJson } from './json.ts';
import { createNatsConnection } from './nats-connection.ts';

export interface RpcClientOptions {
  readonly natsUrl: string;
  /** Names the connection, and the actor of calls made outside of any request. */
  readonly name: string;
  readonly logger: Logger;
}

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

const replySchema = z.object({ err: z.unknown(), response: z.unknown() });

/** Nest wants an id on every request. The reply's inbox already tells requests apart. */
const REQUEST_ID = '1';

/**
 * Speaks Nest's envelope over plain NATS requests. Nest's own client makes a new inbox subscription for each request,
 * waits for ever, and drops requests without a word when the connection goes.
 */
export const createRpcClient = async (options: RpcClientOptions): Promise<RpcClient> => {
  const { name, logger } = options;
  const connection = await createNatsConnection(options);

  const request = async (subject: string, payload: unknown, deadlineMillis: number): Promise<Msg> => {
    const givesUpAt = Date.now() + deadlineMillis;
    // Written into a broken connection, a request would be lost, or handled long after the caller gave up.
    if (!connection.isConnected() && !(await connection.whenConnected(deadlineMillis))) {
      throw new AppError('unavailable', `NATS is away, so ${serviceOf(subject)} cannot be reached; is it running?`);
    }
    const timeout = Math.max(1, givesUpAt - Date.now());
    const headers = contextHeaders(currentContext() ?? systemContext(name), timeout);
    const body = toJson({ pattern: subject, data: payload, id: REQUEST_ID });
    return connection.nats.request(subject, body, { timeout, headers });
  };

  const call = async <Schema extends z.ZodType>(
    subject: string,
    payload: unknown,
    { schema, deadlineMillis = 5_000 }: CallOptions<Schema>,
  ): Promise<z.output<Schema>> => {
    const message = await request(subject, payload, deadlineMillis).catch((error: unknown) => {
      throw callError(subject, deadlineMillis, error);
    });
    const reply = replySchema.safeParse(fromJson(message.data));
    const answer = reply.success && !reply.data.err ? schema.safeParse(reply.data.response) : undefined;
    if (answer?.success) return answer.data;
    if (isAppError(reply.data?.err)) throw fromWireError(reply.data.err);
    logger.error({ subject, issues: answer?.error.issues }, 'an answer does not fit its schema');
    throw new AppError('internal', `${serviceOf(subject)} gave an answer that this version does not understand.`);
  };

  return { call, isReady: connection.isConnected, close: connection.close };
};

const serviceOf = (subject: string): string => `the ${subject.split('.', 1)[0] ?? subject} service`;

const callError = (subject: string, deadlineMillis: number, error: unknown): AppError => {
  if (error instanceof AppError) return error;
  if (error instanceof errors.TimeoutError) {
    return new AppError('deadline', `${serviceOf(subject)} did not answer ${subject} within ${deadlineMillis} ms.`);
  }
  if (error instanceof errors.RequestError && error.isNoResponders()) {
    return new AppError('unavailable', `${serviceOf(subject)} is not running: nobody answers ${subject}.`);
  }
  if (error instanceof errors.InvalidArgumentError) {
    return new AppError('validation', `The request ${subject} is too large to be sent.`);
  }
  return new AppError('deadline', `The answer to ${subject} was lost: ${messageOf(error)}.`, { cause: error });
};
