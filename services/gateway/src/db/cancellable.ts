import { messageOf, type Logger } from '@cyborgbackup/kernel';
import type pg from 'pg';
import { callerLeft } from './query-budget.ts';

/** Does the work on one connection of the pool. What is running there is cancelled when the signal fires. */
export type OnConnection = <T>(
  pool: pg.Pool,
  signal: AbortSignal | undefined,
  work: (client: pg.PoolClient) => Promise<T>,
) => Promise<T>;

/** The server's process behind the connection; `pg` knows it, its types do not. */
const backendOf = (client: pg.PoolClient): unknown => Reflect.get(client, 'processID');

/**
 * @param canceller of the same login, in its own right: PostgreSQL lets a login cancel what is its own. A pool of its own, so
 *   that cancelling never waits for what is to be cancelled
 */
export const createOnConnection = (canceller: pg.Pool, logger: Logger): OnConnection => {
  const cancel = async (client: pg.PoolClient): Promise<void> => {
    try {
      await canceller.query('select pg_cancel_backend($1)', [backendOf(client)]);
    } catch (error) {
      // It ends by its own time-out then.
      logger.warn({ reason: messageOf(error) }, 'a query whose caller had left could not be cancelled');
    }
  };

  return async (pool, signal, work) => {
    const client = await pool.connect();
    let cancelled: Promise<void> | undefined;
    const onAbort = (): void => {
      cancelled = cancel(client);
    };
    try {
      if (signal?.aborted) throw callerLeft();
      signal?.addEventListener('abort', onAbort, { once: true });
      return await work(client);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      // Not before: the next statement on this connection must not be the one that is cancelled.
      await cancelled;
      client.release();
    }
  };
};
