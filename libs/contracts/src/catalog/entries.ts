import { hash } from 'node:crypto';

/** One item of an archive. Paths may hold lone surrogates: that is how bytes that are not UTF-8 are carried in JSON. */
export interface CatalogEntry {
  readonly path: string;
  /** As `ls` prints it: `-rw-r--r--`. */
  readonly mode: string;
  /** Microseconds since 1970, UTC. */
  readonly mtime: number;
  readonly owner: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
  /** One letter, as borg and `ls` have it: `-`, `d`, `l`, … */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** Where a link points, or empty. */
  readonly target: string;
  readonly healthy: boolean;
}

/** An entry without its health, which it has in each archive separately. */
export type PlainEntry = Omit<CatalogEntry, 'healthy'>;

/** Limits of one batch, in entries and in bytes of their JSON: a NATS message holds 1 MiB. */
export const BATCH_MAX_ENTRIES = 4_000;
export const BATCH_MAX_BYTES = 500_000;

/** Hexadecimal digits of a fingerprint. */
export const FINGERPRINT_LENGTH = 32;

/**
 * 128 bits of SHA-256 over all fields of an entry: two archives hold the same entry when the fingerprints are equal. Lowercase
 * hexadecimal, as a uuid without its dashes.
 */
export const entryFingerprint = (entry: PlainEntry): string => {
  const { path, type, mode, owner, group, uid, gid, size, mtime, target } = entry;
  // No field but the last two can hold a NUL, and file names never do.
  const text = `${type}\0${mode}\0${owner}\0${group}\0${uid}\0${gid}\0${size}\0${mtime}\0${path}\0${target}`;
  // As UTF-8 all lone surrogates would become the same character.
  const bytes = text.isWellFormed() ? text : Buffer.from(text, 'utf16le');
  return hash('sha256', bytes, 'hex').slice(0, FINGERPRINT_LENGTH);
};
