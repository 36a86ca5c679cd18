import { AppError, delay } from '@cyborgbackup/kernel';
import type { Pool, PoolClient } from 'pg';

/**
 * Runs work that no other process of this database may do at the same time. Sections must not be nested.
 * @throws AppError `unavailable` when the section stays taken for three seconds
 */
export type Exclusive = <T>(section: string, work: () => Promise<T>) => Promise<T>;

/** Advisory locks with two keys: the event store's readers look at those with one. */
const LOCK_CLASS = 0x4342_494e;
const WAIT_MILLIS = 3_000;
const LOCK_NOT_AVAILABLE = '55P03';

const busy = (): AppError =>
  new AppError('unavailable', 'Other changes are still being written: try again in a moment.');

const isLockTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === LOCK_NOT_AVAILABLE;

/** Holds the lock by an open transaction, so that a lost connection gives it back. */
const holdLock = async (client: PoolClient, section: string, millis: number): Promise<void> => {
  await client.query('begin');
  await client.query("select set_config('lock_timeout', $1, true)", [`${millis}ms`]);
  try {
    await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, section]);
  } catch (error) {
    throw isLockTimeout(error) ? busy() : error;
  }
};

const runLocked = async <T>(pool: Pool, section: string, work: () => Promise<T>, deadline: number): Promise<T> => {
  const client = await pool.connect();
  try {
    await holdLock(client, section, Math.max(1, deadline - Date.now()));
    return await work();
  } finally {
    const ended = await client.query('rollback').then(
      () => true,
      () => false,
    );
    client.release(!ended);
  }
};

/** False when the promise has not settled within that time. */
const settledWithin = async (promise: Promise<void>, millis: number): Promise<boolean> => {
  const inTime = new AbortController();
  const first = await Promise.race([promise.then(() => true), delay(millis, inTime.signal).then(() => false)]);
  inTime.abort();
  return first;
};

/**
 * Callers of one process queue here, first come, first served, so that those who wait hold no connection: the one who
 * works needs some of the same pool.
 */
export const createExclusive = (pool: Pool): Exclusive => {
  const tails = new Map<string, Promise<void>>();
  return async (section, work) => {
    const deadline = Date.now() + WAIT_MILLIS;
    const before = tails.get(section) ?? Promise.resolve();
    const done = Promise.withResolvers<void>();
    // Who gives up waiting does not let those behind go in.
    const tail = before.then(() => done.promise);
    tails.set(section, tail);
    try {
      if (!(await settledWithin(before, WAIT_MILLIS))) throw busy();
      return await runLocked(pool, section, work, deadline);
    } finally {
      done.resolve();
      void tail.then(() => {
        if (tails.get(section) === tail) tails.delete(section);
      });
    }
  };
};
