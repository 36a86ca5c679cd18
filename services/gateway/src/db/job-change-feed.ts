import { jobEvents, jobOutputRecorded, jobReady, jobGranted } from '@cyborgbackup/contracts';
import type { EventStore, LogPage } from '@cyborgbackup/event-store';
import { delay, isRecord, messageOf, type Logger } from '@cyborgbackup/kernel';
import { WAIT_MILLIS, type ProjectionWaiter, type WaitTarget } from '@cyborgbackup/projections';

/*
 * Wakes streams when the tables have changed for their job. While there are watchers, they share one subscription to the end
 * of the log:
 *
 *   an event of a watched job is read -> the read models have reached it -> every watcher of that job is woken
 *
 * A wake-up is a hint: a watcher reads the tables, and reads them again after a while without a wake-up.
 */

interface JobChangeFeedDeps {
  readonly store: Pick<EventStore, 'head' | 'subscribe'>;
  readonly waiter: ProjectionWaiter;
  readonly logger: Logger;
}

export interface JobWatch {
  /** Grows with every change: a watcher that has read the tables at this version need not read them again. */
  version(): number;
  /** Resolves to true when the version is above this one; to false when the signal fires or the time is over first. */
  changed(version: number, options: { readonly millis: number; readonly signal: AbortSignal }): Promise<boolean>;
  close(): void;
}

export interface JobChangeFeed {
  watch(job: string): JobWatch;
  /** True once the tables show everything that was recorded before this call; false when they do not in time. */
  waitForTables(): Promise<boolean>;
  /** Fires when the gateway stops: streams end then. */
  readonly stopping: AbortSignal;
  stop(): Promise<void>;
}

const TYPES = [jobOutputRecorded, jobReady, jobGranted, ...jobEvents].map(({ type }) => type);
const PROJECTIONS = ['executor', 'scheduler'];
const RETRY_MILLIS = 1_000;

interface Watched {
  version: number;
  readonly wakers: Set<() => void>;
  watchers: number;
}

const jobOf = (data: unknown): string | undefined =>
  isRecord(data) && typeof data['job'] === 'string' ? data['job'] : undefined;

export const createJobChangeFeed = ({ store, waiter, logger }: JobChangeFeedDeps): JobChangeFeed => {
  const jobs = new Map<string, Watched>();
  /** Versions are never reused, even for a job that had no watcher in between. */
  let lastVersion = 0;
  const stopping = new AbortController();
  let following: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  const wake = (watched: Watched | undefined): void => {
    if (!watched) return;
    lastVersion += 1;
    watched.version = lastVersion;
    for (const waker of [...watched.wakers]) waker();
  };

  const waitUntilVisible = (until: WaitTarget): Promise<boolean> =>
    waiter.tryWaitForProjections(PROJECTIONS, until, WAIT_MILLIS.stream);

  const handle = async ({ events, position }: LogPage): Promise<void> => {
    const touched = new Set(events.map(({ data }) => jobOf(data)));
    const isWatched = [...touched].some((job) => job !== undefined && jobs.has(job));
    if (!isWatched) return;
    await waitUntilVisible(position);
    for (const job of touched) if (job !== undefined) wake(jobs.get(job));
  };

  /** All watchers are woken once the tables show what was recorded before the first page. */
  const follow = async (signal: AbortSignal): Promise<void> => {
    const head = await store.head();
    void waitUntilVisible(head).then(() => {
      for (const watched of jobs.values()) wake(watched);
    });
    for await (const page of store.subscribe({ after: head, signal, types: TYPES })) await handle(page);
  };

  const keepFollowing = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await follow(signal).catch((error: unknown) => {
        logger.warn({ reason: messageOf(error) }, 'streams of jobs get no wake-ups for a moment');
      });
      if (!signal.aborted) await delay(RETRY_MILLIS, signal);
    }
  };

  const start = (): void => {
    if (following || stopping.signal.aborted) return;
    const stop = new AbortController();
    following = { stop, done: keepFollowing(stop.signal) };
  };

  const stopFollowing = async (): Promise<void> => {
    const last = following;
    following = undefined;
    last?.stop.abort();
    await last?.done;
  };

  const release = (job: string, watched: Watched): void => {
    watched.watchers -= 1;
    if (watched.watchers > 0) return;
    jobs.delete(job);
    if (jobs.size === 0) void stopFollowing();
  };

  return {
    watch: (job) => {
      const watched = jobs.get(job) ?? { version: (lastVersion += 1), wakers: new Set(), watchers: 0 };
      watched.watchers += 1;
      jobs.set(job, watched);
      start();
      let isOpen = true;
      return {
        version: () => watched.version,
        changed: async (version, { millis, signal }) => {
          if (watched.version > version) return true;
          const woken = new AbortController();
          const waker = (): void => woken.abort();
          watched.wakers.add(waker);
          await delay(millis, AbortSignal.any([signal, woken.signal]));
          watched.wakers.delete(waker);
          return watched.version > version;
        },
        close: () => {
          if (isOpen) release(job, watched);
          isOpen = false;
        },
      };
    },
    waitForTables: () =>
      waitUntilVisible('head').catch((error: unknown) => {
        logger.warn({ reason: messageOf(error) }, 'the end of the log cannot be read');
        return false;
      }),
    stopping: stopping.signal,
    stop: async () => {
      stopping.abort();
      await stopFollowing();
    },
  };
};
