import { messageOf, runInContext, settledWithin, toWireError, type Logger } from '@cyborgbackup/kernel';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  NatsContext,
  Server,
  Transport,
  type CustomTransportStrategy,
  type MessageHandler,
} from '@nestjs/microservices';
import { isObservable, lastValueFrom, type Observable } from 'rxjs';
import { z } from 'zod';
import type { Connection } from '../connection/nats-connection.ts';
import { expiryOf } from '../connection/context-header.ts';
import { isInbox } from '../connection/inboxes.ts';
import { fromJson, toJson } from '../connection/json.ts';
import { REQUEST_ID, unwrapCall, type UnwrappedCall } from './call-envelope.ts';
import type { RequestGate } from './request-gate.ts';

export interface RpcServerOptions {
  readonly connection: Connection;
  readonly queue: string;
  readonly gate: RequestGate;
  /** How long stopping waits for handlers in flight. */
  readonly drainMillis: number;
}

/** What Nest's clients send. A message without `id` is not answered by Nest either; here it is not handled at all. */
const envelope = z.object({ id: z.string(), data: z.unknown().optional() });

type Reply = { readonly response: unknown } | { readonly err: unknown };

/**
 * Nest's NATS transport, with its envelope, by Nest's extension point for transports. The built-in one cannot be used:
 * stopping it sleeps for a fixed time whatever is in flight; a reply that cannot be sent (too large, not JSON) is
 * logged and its caller left waiting; a message without an id runs the handler and drops the result; and it has no
 * limit on handlers running at once. One request goes this way:
 *
 *   message -> opened, its signature verified (else: refused) -> envelope (else: logged, dropped) -> gate -> Nest's handler (pipes, guards, filters) -> reply
 *
 * Stopping: unsubscribe, serve what has already been sent to us, wait for the gate to be idle, then close.
 * See docs/decisions/0005-a-transport-of-our-own-for-nest.md.
 */
export class RpcServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Transport.NATS;
  readonly #options: RpcServerOptions;
  readonly #nats: NatsConnection;
  readonly #log: Logger;
  #subscriptions: readonly Subscription[] = [];

  constructor(options: RpcServerOptions) {
    super();
    this.#options = options;
    this.#nats = options.connection.nats;
    this.#log = options.connection.logger;
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      this.#subscriptions = [...this.messageHandlers].map(([subject, handler]) => this.#subscribe(subject, handler));
      // Until the server has seen the subscriptions, callers are told that the service is missing.
      await this.#nats.flush();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    const { connection, gate, drainMillis } = this.#options;
    const givesUpAt = Date.now() + drainMillis;
    if (connection.isConnected()) {
      await settledWithin(Promise.allSettled(this.#subscriptions.map((each) => each.drain())), drainMillis);
    }
    if (!(await gate.idle(givesUpAt - Date.now()))) {
      this.#log.warn({ requests: gate.count() }, 'stopped while requests were being handled');
    }
    await connection.close();
  }

  on(): never {
    throw new Error('Connection events are logged by the connection itself.');
  }

  unwrap(): never {
    throw new Error('The connection belongs to its maker.');
  }

  #subscribe(subject: string, handler: MessageHandler): Subscription {
    if (!/^[\w-]+(\.[\w-]+)*$/.test(subject)) throw new Error(`A message pattern must be a plain subject: ${subject}`);
    const receive = (error: Error | null, message: Msg): void => {
      if (error) this.#log.error({ err: error, subject }, 'NATS ended a subscription');
      else void this.#receive(subject, handler, message);
    };
    return this.#nats.subscribe(subject, { queue: this.#options.queue, callback: receive });
  }

  /** Never rejects: no caller would catch it. */
  async #receive(subject: string, handler: MessageHandler, message: Msg): Promise<void> {
    if (!isInbox(message.reply))
      return this.#log.warn({ subject }, 'ignored a request that wants its answer elsewhere');
    let call: UnwrappedCall;
    try {
      call = unwrapCall(this.#options.connection, message);
    } catch (error) {
      this.#log.warn({ subject, reason: messageOf(error) }, 'refused a request');
      return this.#fail(subject, (text) => void message.respond(text), error);
    }
    const request = envelope.safeParse(fromJson(call.data));
    if (!request.success) return this.#log.warn({ subject, bytes: message.data.length }, 'ignored a malformed message');
    const { id, data } = request.data;
    const handle = (): Promise<void> =>
      this.#options.gate.run(
        async () => {
          const result: unknown = await handler(data, new NatsContext([subject, message.headers]));
          call.respond(replyText(id, { response: isObservable(result) ? await lastOf(result) : result }));
        },
        expiryOf(message.headers, Date.now()),
      );
    await runInContext(call.context, () =>
      handle().catch((error: unknown) => this.#fail(subject, call.respond, error, id)),
    );
  }

  #fail(subject: string, respond: UnwrappedCall['respond'], error: unknown, id = REQUEST_ID): void {
    const wire = toWireError(error);
    if (wire.code === 'internal') this.#log.error({ err: error, subject }, 'request failed');
    try {
      respond(replyText(id, { err: wire }));
    } catch (cause) {
      this.#log.error({ err: cause, subject }, 'the answer could not be sent');
    }
  }
}

const replyText = (id: string, reply: Reply): string => toJson({ ...reply, isDisposed: true, id });

/** A handler answers once; of a stream the last value counts. */
const lastOf = (result: Observable<unknown>): Promise<unknown> => lastValueFrom(result, { defaultValue: undefined });
