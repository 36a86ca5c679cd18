import type { z } from 'zod';
import { fromJson, toJson } from '../connection/json.ts';
import type { Connection } from '../connection/nats-connection.ts';

export interface Signals {
  /** Tells all that listen at this moment; false when NATS is away and none was told. */
  publish(subject: string, message: unknown): boolean;
  /** Calls the handler with each message that fits the schema; returns what ends it. */
  subscribe<Schema extends z.ZodType>(
    subject: string,
    schema: Schema,
    handler: (message: z.output<Schema>) => void | Promise<void>,
  ): () => void;
}

/** Broadcasts between processes, delivered at most once, such as the wish to cancel a job. The events are the truth. */
export const createSignals = (connection: Connection): Signals => {
  const { nats, logger } = connection;

  const publish = (subject: string, message: unknown): boolean => {
    if (!connection.isConnected() || nats.isDraining()) return false;
    nats.publish(subject, toJson(message));
    return true;
  };

  const subscribe: Signals['subscribe'] = (subject, schema, handler) => {
    const receive = async (data: Uint8Array): Promise<void> => {
      const message = schema.safeParse(fromJson(data));
      if (!message.success) return logger.warn({ subject, bytes: data.length }, 'ignored a malformed signal');
      await handler(message.data);
    };
    const subscription = nats.subscribe(subject, {
      callback: (error, message) => {
        if (error) return logger.error({ err: error, subject }, 'NATS ended a subscription');
        receive(message.data).catch((cause: unknown) =>
          logger.error({ err: cause, subject }, 'a signal handler failed'),
        );
      },
    });
    return () => subscription.unsubscribe();
  };

  return { publish, subscribe };
};
