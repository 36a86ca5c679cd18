import { readSql } from '@cyborgbackup/database';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

/** The state of a key when a request wants to take it. */
type TakenKey =
  /** It is the caller's now. Names of what is created follow from the seed. */
  | { readonly kind: 'taken'; readonly seed: string }
  | { readonly kind: 'answered'; readonly fingerprint: string; readonly answer: EncryptedValue }
  /** Another request works on it. */
  | { readonly kind: 'busy'; readonly fingerprint: string };

/** The table `gateway.idempotency_keys`. */
export interface IdempotencyKeys {
  take(id: string, fingerprint: string): Promise<TakenKey>;
  keep(id: string, answer: EncryptedValue): Promise<void>;
  /** Frees the key for the same request, which gets the same seed: the work may have been done in part. */
  free(id: string): Promise<void>;
  /** As if it had never been used. */
  forget(id: string): Promise<void>;
  /** Removes what is older than 24 hours. */
  sweep(): Promise<void>;
}

/** A new key, an expired one (with a new seed), or one of the same request that is free or whose process died while it had it. */
const TAKE = readSql(new URL('./take-key.sql', import.meta.url));

export const createIdempotencyKeys = (pool: Pool): IdempotencyKeys => ({
  take: async (id, fingerprint) => {
    const { rows: taken } = await pool.query<{ seed: string }>(TAKE, [id, fingerprint]);
    if (taken[0]) return { kind: 'taken', seed: taken[0].seed };
    const { rows } = await pool.query<{ fingerprint: string; answer: EncryptedValue | null }>(
      'select fingerprint, answer from gateway.idempotency_keys where id = $1',
      [id],
    );
    // Without a row it was forgotten between the two statements: the caller is told to try again, as if it were still taken.
    const found = rows[0] ?? { fingerprint, answer: null };
    return found.answer
      ? { kind: 'answered', fingerprint: found.fingerprint, answer: found.answer }
      : { kind: 'busy', fingerprint: found.fingerprint };
  },
  keep: async (id, answer) => {
    await pool.query('update gateway.idempotency_keys set answer = $2 where id = $1', [id, answer]);
  },
  free: async (id) => {
    await pool.query('update gateway.idempotency_keys set taken = null where id = $1 and answer is null', [id]);
  },
  forget: async (id) => {
    await pool.query('delete from gateway.idempotency_keys where id = $1 and answer is null', [id]);
  },
  sweep: async () => {
    await pool.query("delete from gateway.idempotency_keys where created < now() - interval '24 hours'");
  },
});
