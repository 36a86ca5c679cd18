/** JSON with `bigint` as a decimal string: the receiving schema turns it back with `z.coerce.bigint()`. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));

/** `undefined` for what is not JSON: a malformed message is a fact of life, not an exception. */
export const fromJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};
