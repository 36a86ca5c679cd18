import { hash } from 'node:crypto';
import type { PlainEntry } from './packed-entries.ts';

/** Hexadecimal digits of a fingerprint. */
export const FINGERPRINT_LENGTH = 32;

/**
 * 128 bits of SHA-256 over everything that makes an entry what it is, its health excepted (which belongs to an archive):
 * two archives hold the same entry when the fingerprints are equal. Lowercase hexadecimal, as a uuid without its dashes.
 */
export const entryFingerprint = (entry: PlainEntry): string => {
  const { path, type, mode, owner, group, uid, gid, size, mtime, target } = entry;
  // No field but the last two can hold a NUL, and file names never do.
  const text = `${type}\0${mode}\0${owner}\0${group}\0${uid}\0${gid}\0${size}\0${mtime}\0${path}\0${target}`;
  // UTF-8 would make one and the same of all lone surrogates.
  const bytes = text.isWellFormed() ? text : Buffer.from(text, 'utf16le');
  return hash('sha256', bytes, 'hex').slice(0, FINGERPRINT_LENGTH);
};
