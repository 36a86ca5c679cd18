import { delay, messageOf, type Logger } from '@cyborgbackup/kernel';
import { LogWentBackError, type LogPage } from '../../port/event-store.ts';
import { ofTypes, type GapGate, type GatedPage, type PageRequest } from './gap-gate.ts';

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

export interface FollowOptions extends PageRequest {
  readonly signal: AbortSignal;
}

/*
 * A subscription is
 *   reading   one page after the other while there are any;
 *   idle      at the end of the log: until it is woken or `pollMillis` are over. Waking is only faster, polling is the
 *             truth. A wake-up during a read counts: the next wait ends at once;
 *   blocked   at a hole that a running writer may fill: as idle, but it looks again after 5 ms, then 10 ms, and so on up to
 *             `pollMillis`;
 *   failing   when the database does not answer: it logs, waits 100 ms to 5 s, and reads again from where it was;
 *   ended     when the signal aborts, or its consumer stops iterating; with an error when the log has lost what was read.
 */
export async function* followLog(deps: SubscriptionDeps, options: FollowOptions): AsyncGenerator<LogPage, void> {
  const { limit, types } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const wake = createWake(deps.onWake, signal);
  const read = (after: bigint, hash?: string): Promise<GatedPage | undefined> => {
    const page = readUntilAnswered(deps, { after, hash, limit, types }, signal);
    // Its error is thrown where it is awaited; until then it must not count as unhandled.
    page.catch(() => undefined);
    return page;
  };
  let next = read(options.after);
  let retryMillis = FIRST_RETRY_MILLIS;
  try {
    for (let page = await next; page && !signal.aborted; page = await next) {
      const { events, position, hash, blocked, isFull } = page;
      retryMillis = blocked && events.length === 0 ? Math.min(2 * retryMillis, deps.pollMillis) : FIRST_RETRY_MILLIS;
      if (events.length === 0) await wake.wait(blocked ? retryMillis : deps.pollMillis);
      // While the consumer works on a full page, the one after it is fetched already.
      if (isFull) next = read(position, hash);
      if (events.length > 0) yield { events: ofTypes(events, types), position, hash };
      if (!isFull) next = read(position, hash);
    }
  } finally {
    wake.close();
    stop.abort();
    await next.catch(() => undefined);
  }
}

/**
 * The next page, however long the database is away; undefined once the signal aborts.
 * @throws LogWentBackError
 */
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
      if (error instanceof LogWentBackError) {
        logger.error({ reason: error.message }, 'The event log went back: what follows it starts again');
        throw error;
      }
      logger.warn(
        { reason: messageOf(error), after: String(request.after) },
        'The event log cannot be read; it is tried again',
      );
      await delay(backoff, signal);
    }
  }
  return undefined;
};

interface Wake {
  /** Resolves when woken (also before this call, but after the last), when the signal aborts, or after `millis`. */
  wait(millis: number): Promise<void>;
  close(): void;
}

const createWake = (onWake: SubscriptionDeps['onWake'], signal: AbortSignal): Wake => {
  let woken = false;
  let endWait = (): void => undefined;
  const wake = (): void => {
    woken = true;
    endWait();
  };
  const stopListening = onWake(wake);
  signal.addEventListener('abort', wake, { once: true });
  return {
    wait: async (millis) => {
      if (!woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, millis);
          endWait = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      woken = false;
    },
    close: stopListening,
  };
};
