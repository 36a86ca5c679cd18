/** A text as the tables hold it: readable, and its bytes in base64 where they are not UTF-8. */
export interface StoredText {
  readonly text: string;
  readonly raw: string | null;
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

const bytesOf = (path: string): Buffer =>
  Buffer.concat(
    Array.from(path, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(character);
    }),
  );

/**
 * Paths are bytes. Where they are not UTF-8, borg's JSON carries each such byte as a lone surrogate, U+DC80 to U+DCFF.
 * PostgreSQL's text cannot hold those: the readable form has U+FFFD in their places.
 */
export const storedText = (path: string): StoredText =>
  path.isWellFormed()
    ? { text: path, raw: null }
    : { text: path.replace(LONE_SURROGATE, '\uFFFD'), raw: bytesOf(path).toString('base64') };

/*
 * PostgreSQL's text form of arrays, for columns that travel as one parameter each. It is built here because that is several
 * times as fast as what `pg` does with arrays.
 */

/** Of numbers, or of texts that need no quotes: times, uuids. */
export const plainArray = (items: readonly (number | string)[]): string => `{${items.join(',')}}`;

const SPECIAL = /["\\]/;

const quoted = (text: string): string => `"${SPECIAL.test(text) ? text.replaceAll(/["\\]/g, String.raw`\$&`) : text}"`;

export const textArray = (items: readonly (string | null)[]): string =>
  `{${items.map((item) => (item === null ? 'NULL' : quoted(item))).join(',')}}`;

/** The two columns of stored texts: the readable forms, and the bytes. */
export const storedTextArrays = (items: readonly (StoredText | null)[]): [string, string] => [
  textArray(items.map((item) => item?.text ?? null)),
  textArray(items.map((item) => item?.raw ?? null)),
];
