/**
 * Paths are bytes. Where they are not UTF-8, borg's JSON carries each odd byte as a lone surrogate, U+DC80 to U+DCFF.
 * PostgreSQL's text cannot hold those, so tables keep a readable form beside the bytes.
 */

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** With U+FFFD for each byte that is not UTF-8. */
export const readablePath = (path: string): string => path.replace(LONE_SURROGATE, '\uFFFD');

const bytesOf = (path: string): Buffer =>
  Buffer.concat(
    Array.from(path, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(character);
    }),
  );

/** base64 of the path's bytes; null where the readable form says it all. */
export const rawPath = (path: string): string | null =>
  readablePath(path) === path ? null : bytesOf(path).toString('base64');
