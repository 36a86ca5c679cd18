import { z } from 'zod';
import type { Connection } from '../connection/nats-connection.ts';
import { createSignals } from './signals.ts';

/** Says up to which position the log can be read. */
export const APPEND_SUBJECT = 'events.appended';
const logPosition = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);
/** At most one message in this time. */
const PAUSE_MILLIS = 5;

export interface AppendNotifications {
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
  const signals = createSignals(connection);
  let highest = 0n;
  let sent = 0n;
  let paused = false;

  const send = (): void => {
    if (paused || highest <= sent || !signals.publish(APPEND_SUBJECT, highest)) return;
    sent = highest;
    paused = true;
    setTimeout(() => {
      paused = false;
      send();
    }, PAUSE_MILLIS).unref();
  };

  return {
    notify: (position) => {
      if (position > highest) highest = position;
      send();
    },
    listen: (listener) => signals.subscribe(APPEND_SUBJECT, logPosition, listener),
  };
};
