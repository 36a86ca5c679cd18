import { delay, type Logger } from '@cyborgbackup/kernel';
import type { LogPage, SubscribeOptions } from '../event-store.ts';
import type { GapGate, GatedPage, PageRequest } from './gap-gate.ts';

const DEFAULT_PAGE_SIZE = 1_000;
const FIRST_RETRY_MILLIS = 5;
const FIRST_BACKOFF_MILLIS = 100;
const MAX_BACKOFF_MILLIS = 5_000;

export interface SubscriptionDeps {
  readonly gate: GapGate;
  readonly logger: Logger;
  readonly pollMillis: number;
  /** Calls the listener when there may be something new, until the returned function is called. */
  readonly onWake: (listener: () => void) => () => void;
}

/*
 * A subscription is
 *   reading   one page after the other while there are any;
 *   idle      at the end of the log: until it is woken or `pollMillis` are over. Waking is only faster, polling is the
 *             truth. A wake-up during a read counts: the next wait ends at once;
 *   blocked   at a hole that a running writer may fill: as idle, but it looks again after 5 ms, then 10 ms, and so on up to
 *             `pollMillis`;
 *   failing   when the database does not answer: it logs, waits 100 ms to 5 s, and reads again from where it was;
 *   ended     when the signal aborts, or its consumer stops iterating.
 */
export async function* followLog(deps: SubscriptionDeps, options: SubscribeOptions): AsyncGenerator<LogPage, void> {
  const { signal, pageSize: limit = DEFAULT_PAGE_SIZE } = options;
  const wake = createWake(deps.onWake, signal);
  let after = options.after;
  let waitMillis = FIRST_RETRY_MILLIS;
  try {
    while (!signal.aborted) {
      const page = await readUntilAnswered(deps, { after, limit }, signal);
      if (page && page.events.length > 0) {
        waitMillis = FIRST_RETRY_MILLIS;
        after = page.position;
        yield { events: page.events, position: page.position };
      } else {
        waitMillis = page?.blocked ? Math.min(2 * waitMillis, deps.pollMillis) : deps.pollMillis;
        await wake.wait(waitMillis);
      }
    }
  } finally {
    wake.close();
  }
}

/** The next page, however long the database is away; undefined once the signal aborts. */
const readUntilAnswered = async (
  { gate, logger }: SubscriptionDeps,
  request: PageRequest,
  signal: AbortSignal,
): Promise<GatedPage | undefined> => {
  for (let backoff = FIRST_BACKOFF_MILLIS; !signal.aborted; backoff = Math.min(2 * backoff, MAX_BACKOFF_MILLIS)) {
    try {
      const page = await gate.readPage(request);
      return signal.aborted ? undefined : page;
    } catch (error) {
      logger.warn({ err: error, after: String(request.after) }, 'The event log cannot be read; it is tried again');
      await delay(backoff, signal);
    }
  }
  return undefined;
};

interface Wake {
  /** Resolves when woken (also earlier than this call, but after the last), after `millis`, or when the signal aborts. */
  wait(millis: number): Promise<void>;
  close(): void;
}

const createWake = (onWake: SubscriptionDeps['onWake'], signal: AbortSignal): Wake => {
  let woken = false;
  let waiting: AbortController | undefined;
  const stopListening = onWake(() => {
    woken = true;
    waiting?.abort();
  });
  return {
    wait: async (millis) => {
      if (!woken) {
        waiting = new AbortController();
        await delay(millis, AbortSignal.any([waiting.signal, signal]));
      }
      waiting = undefined;
      woken = false;
    },
    close: stopListening,
  };
};
