/** A JSON object: neither null nor a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object as JSON has them, of no class. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * RFC 8785 canonical JSON, with one difference: a lone surrogate (which is how a path that is not UTF-8 comes out of
 * borg) is written as its `\udXXX` escape, where the RFC refuses it. The same value gives the same text everywhere, which
 * is what the log stores and hashes. Members that are undefined are left out.
 * @throws TypeError for what JSON cannot hold: NaN, infinities, bigint, functions, undefined outside an object, Dates
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return objectText(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}`);
  // Answers undefined for what has no JSON form, whatever its declared type says.
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON cannot hold ${typeof value}`);
  return text;
};

const objectText = (value: object): string => {
  // A Date or a Map would be written as something else than what is read back, and so break the hash.
  if (!isPlainObject(value)) throw new TypeError('JSON holds plain objects only');
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
};
