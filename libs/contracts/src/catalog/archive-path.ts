import { isUtf8 } from 'node:buffer';

/*
 * Paths in an archive are bytes. Commands and events carry them as text in which each byte that is not UTF-8 is a lone
 * surrogate, U+DC80 to U+DCFF; read models keep a readable form (U+FFFD for such bytes) and, where that is lossy, the bytes.
 */

/** The length in bytes of the UTF-8 character at an index; 0 when there is none. */
const characterBytes = (bytes: Buffer, at: number): number =>
  [1, 2, 3, 4].find((length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length))) ?? 0;

/** Bytes as text; a byte that is not UTF-8 becomes a lone surrogate. */
export const escapeBytes = (bytes: Buffer): string => {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterBytes(bytes, at);
    text += length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return text;
};

/** A path as the catalog's tables have it, in two parts. */
export interface StoredPath {
  /** With a slash at its end, or empty. */
  readonly folder: string;
  /** base64 of the folder's bytes where they are not UTF-8. */
  readonly folder_raw: string | null;
  readonly name: string;
  readonly name_raw: string | null;
}

const exact = (readable: string, raw: string | null): string =>
  raw === null ? readable : escapeBytes(Buffer.from(raw, 'base64'));

export const exactName = ({ name, name_raw }: StoredPath): string => exact(name, name_raw);

/** The path as it is in the archive. */
export const exactPath = (path: StoredPath): string => exact(path.folder, path.folder_raw) + exactName(path);
