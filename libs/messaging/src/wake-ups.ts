import type { Connection } from './nats-connection.ts';

const SUBJECT = 'events.appended';
/** At most one message in this time. */
const PAUSE_MILLIS = 5;

export type WakeUpListener = (position: bigint) => void;

export interface WakeUps {
  /** Says that events up to this log position can be read. */
  announce(position: bigint): void;
  /** Returns what ends it. */
  listen(listener: WakeUpListener): () => void;
}

/**
 * Tells readers of the event log to look now and not at their next poll. It is a hint: messages are lost while NATS
 * is away and nobody repeats them, so whoever listens must poll as well.
 *
 * The first announcement goes out at once and opens a pause; of those made during a pause, the highest goes out at
 * its end and opens the next.
 */
export const createWakeUps = (connection: Connection): WakeUps => {
  const { nats, logger } = connection;
  let highest = 0n;
  let sent = 0n;
  let paused = false;

  const send = (): void => {
    if (paused || highest <= sent || !connection.isConnected() || nats.isDraining()) return;
    sent = highest;
    paused = true;
    nats.publish(SUBJECT, sent.toString());
    setTimeout(() => {
      paused = false;
      send();
    }, PAUSE_MILLIS).unref();
  };

  const announce = (position: bigint): void => {
    if (position > highest) highest = position;
    send();
  };

  const listen = (listener: WakeUpListener): (() => void) => {
    const subscription = nats.subscribe(SUBJECT, {
      callback: (error, message) => {
        const position = error ? '' : message.string();
        if (!/^\d{1,19}$/.test(position)) return logger.warn({ err: error }, 'ignored a malformed wake-up');
        // An exception in here would end the library's read loop, and with it the connection.
        try {
          listener(BigInt(position));
        } catch (cause) {
          logger.error({ err: cause }, 'a listener to wake-ups failed');
        }
      },
    });
    return () => subscription.unsubscribe();
  };

  return { announce, listen };
};
