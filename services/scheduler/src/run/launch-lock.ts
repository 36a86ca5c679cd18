import { AppError } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

export interface LaunchLock {
  /**
   * One launch into the repository at a time, in this process alone, and for as long as it may take: what is prepared at
   * the same time would be in vain.
   */
  inTurn<T>(repository: string, work: () => Promise<T>): Promise<T>;
  /**
   * Looks and appends while no other launch does so for the repository, in any process.
   * @throws AppError `unavailable` when somebody else holds the lock for too long
   */
  hold<T>(repository: string, work: () => Promise<T>): Promise<T>;
}

/** Two keys: the event store's readers look at advisory locks with one. */
const LOCK_CLASS = 0x4342_4c4e;
const WAIT_MILLIS = 3_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * One launch at a time in this process, whatever the repository: it takes some 15 ms, and each launch that waited for
 * the database's lock would keep a connection that the holder needs.
 */
export const createLaunchLock = (pool: Pool): LaunchLock => {
  let last: Promise<unknown> = Promise.resolve();
  const lastOf = new Map<string, Promise<unknown>>();

  const holdInDatabase = async <T>(repository: string, work: () => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(`set local lock_timeout = ${WAIT_MILLIS}`);
      await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, repository]);
      return await work();
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      throw new AppError('unavailable', 'Another launch into this repository does not end: try again in a moment.');
    } finally {
      await client.query('rollback').then(
        () => client.release(),
        () => client.release(true),
      );
    }
  };

  return {
    inTurn: (repository, work) => {
      const mine = (lastOf.get(repository) ?? Promise.resolve()).then(work);
      const settled = mine
        .catch(() => undefined)
        .then(() => {
          if (lastOf.get(repository) === settled) lastOf.delete(repository);
        });
      lastOf.set(repository, settled);
      return mine;
    },
    hold: (repository, work) => {
      const mine = last.then(() => holdInDatabase(repository, work));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
};

const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
