import { AppError } from '@cyborgbackup/kernel';
import type pg from 'pg';
import { decryptBytes } from './field-cipher.ts';

/** What is known of a subject's key: the key, that it was erased, or that there never was one. */
export type KeyState = Buffer | 'erased' | 'missing';

export const brokenKeys = (message: string, cause?: unknown): AppError => new AppError('internal', message, { cause });

/** Reads subject keys. All that are requested within one iteration of the event loop are read in one query. */
export const createKeyLoader = (pool: pg.Pool, masterKey: Buffer): ((subject: string) => Promise<KeyState>) => {
  let pending:
    { readonly subjects: Set<string>; readonly rows: Promise<ReadonlyMap<string, Buffer | null>> } | undefined;

  const open = (): NonNullable<typeof pending> => {
    const subjects = new Set<string>();
    const rows = new Promise<void>((resolve) => void setImmediate(resolve)).then(() => {
      pending = undefined;
      return readKeys(pool, [...subjects]);
    });
    return { subjects, rows };
  };

  return async (subject) => {
    pending ??= open();
    pending.subjects.add(subject);
    const wrapped = (await pending.rows).get(subject);
    if (wrapped === undefined) return 'missing';
    return wrapped === null ? 'erased' : unwrap(masterKey, subject, wrapped);
  };
};

const readKeys = async (pool: pg.Pool, subjects: readonly string[]): Promise<ReadonlyMap<string, Buffer | null>> => {
  const { rows } = await pool.query<{ readonly subject: string; readonly wrapped_key: Buffer | null }>({
    name: 'keys-read',
    text: 'select subject, wrapped_key from keys.subject_keys where subject = any($1)',
    values: [subjects],
  });
  return new Map(rows.map((row) => [row.subject, row.wrapped_key]));
};

const unwrap = (masterKey: Buffer, subject: string, wrapped: Buffer): Buffer => {
  try {
    return decryptBytes(masterKey, subject, wrapped);
  } catch (error) {
    throw brokenKeys(
      `The master key does not open the key of ${subject}: start with the one this database began with.`,
      error,
    );
  }
};
