import type { Connection } from '../connection/nats-connection.ts';

/** Says up to which position the log can be read. */
export const APPEND_SUBJECT = 'events.appended';
/** At most one message in this time. */
const PAUSE_MILLIS = 5;

interface AppendNotifications {
  /** Says that events up to this log position can be read. */
  notify(position: bigint): void;
  /** Returns what ends it. */
  listen(listener: (position: bigint) => void): () => void;
}

/**
 * Tells readers of the event log to look now and not at their next poll. It is a hint: messages are lost while NATS
 * is away and never repeated, so a listener must poll as well.
 *
 * The first notification goes out at once and opens a pause; of those made during a pause, the highest goes out at
 * its end and opens the next.
 */
export const createAppendNotifications = (connection: Connection): AppendNotifications => {
  const { nats, logger } = connection;
  let highest = 0n;
  let sent = 0n;
  let paused = false;

  const send = (): void => {
    if (paused || highest <= sent || !connection.isConnected() || nats.isDraining()) return;
    sent = highest;
    paused = true;
    nats.publish(APPEND_SUBJECT, sent.toString());
    setTimeout(() => {
      paused = false;
      send();
    }, PAUSE_MILLIS).unref();
  };

  const notify = (position: bigint): void => {
    if (position > highest) highest = position;
    send();
  };

  const listen: AppendNotifications['listen'] = (listener) => {
    const subscription = nats.subscribe(APPEND_SUBJECT, {
      callback: (error, message) => {
        const position = error ? '' : message.string();
        if (!/^\d{1,19}$/.test(position))
          return logger.warn({ err: error }, 'ignored a malformed notification of an append');
        // An exception in here would end the library's read loop, and with it the connection.
        try {
          listener(BigInt(position));
        } catch (cause) {
          logger.error({ err: cause }, 'a listener to appends failed');
        }
      },
    });
    return () => subscription.unsubscribe();
  };

  return { notify, listen };
};
