/** PostgreSQL's order of jsonb keys: shorter first, equally long ones by byte. */
const byJsonbOrder = (a: string, b: string): number =>
  Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b));

const isPlainObject = (value: object): value is Readonly<Record<string, unknown>> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const objectForm = (value: object): Record<string, unknown> => {
  if (!isPlainObject(value)) throw new TypeError('holds something that is not plain JSON');
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  // defineProperty semantics, since a key may be `__proto__`
  return Object.fromEntries(keys.sort(byJsonbOrder).map((key) => [key, jsonbForm(value[key])]));
};

/**
 * A copy of a JSON value as it would come back from a jsonb column: keys in jsonb's order, undefined properties gone.
 * @throws TypeError for what JSON cannot hold
 */
export const jsonbForm = (value: unknown): unknown => {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed())
      throw new TypeError('has characters that PostgreSQL cannot store');
    return value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (Array.isArray(value)) return value.map((element) => (element === undefined ? null : jsonbForm(element)));
  if (typeof value === 'object') return objectForm(value);
  throw new TypeError('holds something that is not JSON');
};
