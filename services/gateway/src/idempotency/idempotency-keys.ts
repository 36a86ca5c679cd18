import type { EncryptedValue } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

export interface FoundKey {
  readonly fingerprint: string;
  /** Null while the first request is being worked on. */
  readonly answer: EncryptedValue | null;
}

/** The table `gateway.idempotency_keys`. */
export interface IdempotencyKeys {
  /** Takes a key that is free (or was left by somebody who died); otherwise tells what is known of it. */
  take(id: string, fingerprint: string): Promise<FoundKey | undefined>;
  keep(id: string, answer: EncryptedValue): Promise<void>;
  give(id: string): Promise<void>;
  /** Removes what is older than 24 hours. */
  sweep(): Promise<void>;
}

export const createIdempotencyKeys = (pool: Pool): IdempotencyKeys => ({
  take: async (id, fingerprint) => {
    const { rowCount } = await pool.query(
      `insert into gateway.idempotency_keys as k (id, fingerprint) values ($1, $2)
       on conflict (id) do update set fingerprint = excluded.fingerprint, answer = null, created = now()
        where k.created < now() - interval '24 hours'
           or (k.answer is null and k.fingerprint = excluded.fingerprint and k.created < now() - interval '1 minute')`,
      [id, fingerprint],
    );
    if (rowCount === 1) return undefined;
    const { rows } = await pool.query<FoundKey>(
      'select fingerprint, answer from gateway.idempotency_keys where id = $1',
      [id],
    );
    // Given back between the two statements: its owner is told to try again, as if it were still taken.
    return rows[0] ?? { fingerprint, answer: null };
  },
  keep: async (id, answer) => {
    await pool.query('update gateway.idempotency_keys set answer = $2 where id = $1', [id, answer]);
  },
  give: async (id) => {
    await pool.query('delete from gateway.idempotency_keys where id = $1 and answer is null', [id]);
  },
  sweep: async () => {
    await pool.query("delete from gateway.idempotency_keys where created < now() - interval '24 hours'");
  },
});
