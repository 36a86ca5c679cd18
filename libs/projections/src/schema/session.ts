import { inTransaction } from '@cyborgbackup/database';
import type { ClientBase, Pool } from 'pg';

/**
 * One connection for one owner. Its settings:
 * - `synchronous_commit = off`: rows and checkpoint commit together, so a crash of the server can only take both back, and
 *   the same events are folded again. Nothing is lost, and no commit waits for the disk.
 * - `idle_in_transaction_session_timeout`: a stalled owner's locks go before the next owner needs the rows.
 * - `lock_timeout`, but no `statement_timeout`: no other process should hold these rows, but deleting a million may take long.
 */
const SETTINGS = `
  SET synchronous_commit = off;
  SET idle_in_transaction_session_timeout = '5s';
  SET lock_timeout = '30s';
  SET statement_timeout = 0`;

export interface Session extends AsyncDisposable {
  readonly client: ClientBase;
  /** Rolls back and rethrows when the work fails. */
  inTransaction<T>(work: () => Promise<T>): Promise<T>;
}

export const openSession = async (pool: Pool): Promise<Session> => {
  const client = await pool.connect();
  // without a listener the loss of a connection between two statements would end the process; the next statement reports it
  client.on('error', () => undefined);
  // never reused: the next user of the pool must not meet these settings
  const close = (): Promise<void> => Promise.resolve(client.release(true));
  try {
    await client.query(SETTINGS);
  } catch (error) {
    await close();
    throw error;
  }
  return { client, inTransaction: (work) => inTransaction(client, work), [Symbol.asyncDispose]: close };
};
