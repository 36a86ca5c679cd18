import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { decryptField, encryptBytes, encryptField } from './field-cipher.ts';
import { createKeyCache } from './key-cache.ts';
import { brokenKeys, createKeyLoader, type KeyState } from './key-loader.ts';
import { addressSubject, type SubjectKeys } from './subject-keys.ts';

const KEY_BYTES = 32;
const CACHED_KEYS = 10_000;

/** How long a process may still open what another process has erased. */
export const ERASURE_VISIBLE_MILLIS = 30_000;

export interface SubjectKeysOptions {
  readonly pool: pg.Pool;
  /** 32 bytes, see `loadMasterKey`. */
  readonly masterKey: Buffer;
}

/**
 * Subject keys in PostgreSQL, each wrapped by the master key. Keys are cached for at most 30 seconds: that long after
 * `erase`, other processes may still read and seal with the key; this process forgets it at once. All are forgotten with each
 * new connection: it may lead to a copy of the database that lacks the latest keys, and what is sealed with a lost one stays
 * closed for ever. Copies of the key table in backups have to expire before an erasure can be called complete.
 */
export const createSubjectKeys = ({ pool, masterKey }: SubjectKeysOptions): SubjectKeys => {
  const cache = createKeyCache<Promise<KeyState>>(CACHED_KEYS, ERASURE_VISIBLE_MILLIS);
  const load = createKeyLoader(pool, masterKey);
  pool.on('connect', cache.clear);

  const keyOf = (subject: string): Promise<KeyState> => {
    const cached = cache.get(subject);
    if (cached) return cached;
    const loading = load(subject);
    cache.set(subject, loading);
    // A failure, and the absence of a key, are not remembered.
    const forget = (): void => cache.delete(subject);
    loading.then((state) => state === 'missing' && forget(), forget);
    return loading;
  };

  const keyForSealing = async (subject: string): Promise<KeyState> => {
    const state = await keyOf(subject);
    if (state !== 'missing') return state;
    const wrapped = encryptBytes(masterKey, subject, randomBytes(KEY_BYTES));
    await pool.query(
      'insert into keys.subject_keys (subject, wrapped_key) values ($1, $2) on conflict (subject) do nothing',
      [subject, wrapped],
    );
    // What is there now: this key, or the one that another process made at the same moment.
    return keyOf(subject);
  };

  return {
    seal: async (subject, text) => {
      const key = await keyForSealing(subject);
      // Sealed with a key that is not kept: erased from the start, and in the same form as everything else.
      const usable = key instanceof Buffer ? key : randomBytes(KEY_BYTES);
      return { $encrypted: { subject, value: encryptField(usable, subject, text) } };
    },
    open: async ({ $encrypted: { subject, value } }) => {
      const key = await keyOf(subject);
      if (key === 'erased') return undefined;
      if (key === 'missing')
        throw brokenKeys(`The key of ${subject} is missing: restore the schema keys with the log.`);
      try {
        return decryptField(key, subject, value);
      } catch (error) {
        throw brokenKeys(`A value of ${subject} does not open with its key: the log or the key was altered.`, error);
      }
    },
    erase: async (subject) => {
      await pool.query('select keys.erase($1)', [subject]);
      cache.delete(subject);
      cache.delete(addressSubject(subject));
    },
  };
};
