import { createSignals, type Connection } from '@cyborgbackup/messaging';
import { AppError, delay } from '@cyborgbackup/kernel';
import { z } from 'zod';

/*
 * A download reads under borg's shared lock, and a job that writes waits for the exclusive one: a minute, then it fails. A
 * backup matters more than a download, so whoever is about to write tells everybody; downloads of that repository then get a
 * little time to finish, are broken off, and no new one begins until the writer has had its chance.
 */
const WANTED = 'repositories.wanted';
const wanted = z.object({ repository: z.uuid() });

const FINISH_MILLIS = 20_000;
/** By then the writer has the lock, or waits for somebody else. */
const WANTED_MILLIS = 35_000;

/** Tells all executors that a job is about to write to the repository. */
export const wantRepository = (connection: Connection, repository: string): void => {
  createSignals(connection).publish(WANTED, { repository });
};

export interface GiveWay {
  /**
   * Does the work with a signal that fires when a writer wants the repository and the time to finish is over.
   * @throws AppError `unavailable` when a writer wants it already
   */
  reading<Result>(repository: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  close(): void;
}

const inUse = (): AppError =>
  new AppError('unavailable', 'A job needs the repository now: try again when it has ended.');

/** @param finishMillis how long downloads may go on */
export const createGiveWay = (connection: Connection, finishMillis = FINISH_MILLIS): GiveWay => {
  const readers = new Map<string, Set<AbortController>>();
  const closing = new AbortController();
  const wantedUntil = new Map<string, number>();

  const breakOff = async (repository: string): Promise<void> => {
    const present = [...(readers.get(repository) ?? [])];
    if (present.length === 0) return;
    await delay(finishMillis, closing.signal);
    for (const reader of present) if (readers.get(repository)?.has(reader)) reader.abort(inUse());
  };

  const unsubscribe = createSignals(connection).subscribe(WANTED, wanted, ({ repository }) => {
    const now = Date.now();
    for (const [other, until] of wantedUntil) if (until < now) wantedUntil.delete(other);
    wantedUntil.set(repository, now + WANTED_MILLIS);
    return breakOff(repository);
  });

  return {
    reading: async (repository, work) => {
      if ((wantedUntil.get(repository) ?? 0) > Date.now()) throw inUse();
      const reader = new AbortController();
      const others = readers.get(repository) ?? new Set();
      readers.set(repository, others.add(reader));
      try {
        return await work(reader.signal);
      } finally {
        others.delete(reader);
        if (others.size === 0) readers.delete(repository);
      }
    },
    close: () => {
      unsubscribe();
      closing.abort();
    },
  };
};
