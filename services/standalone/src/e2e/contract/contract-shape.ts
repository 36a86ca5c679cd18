import type { DocumentedType } from './contract-examples.ts';

type Kind = DocumentedType | 'null' | 'number';

const kindOf = (value: unknown): Kind => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object') return 'dict';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value === 'string' ? 'string' : 'boolean';
  return Number.isSafeInteger(value) ? 'integer' : 'number';
};

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

/** Texts whose form matters to who reads them: dates, with a fraction always or only where it is not zero, and uuids. */
const FORMS = [
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/,
  /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
];

const textDifference = (example: string, actual: string): string | undefined => {
  const form = FORMS.find((one) => one.test(example));
  return form === undefined || form.test(actual) ? undefined : `"${actual}" is not of the form of "${example}"`;
};

const valueDifferences = (path: string, example: unknown, actual: unknown): readonly string[] => {
  if (example === null) return [];
  if (kindOf(example) !== kindOf(actual)) return [`${path} is ${kindOf(actual)}, the example has ${kindOf(example)}`];
  if (typeof example === 'string' && typeof actual === 'string') {
    const difference = textDifference(example, actual);
    return difference === undefined ? [] : [`${path}: ${difference}`];
  }
  if (Array.isArray(example) && Array.isArray(actual)) {
    const [item] = example as readonly unknown[];
    return item === undefined
      ? []
      : actual.flatMap((one: unknown, index) => valueDifferences(`${path}[${index}]`, item, one));
  }
  return shapeDifferences(path, example, actual);
};

/** What the example has and the answer has not, or has otherwise; an answer may have more. */
export const shapeDifferences = (path: string, example: unknown, actual: unknown): readonly string[] => {
  const found = new Map(entriesOf(actual));
  return entriesOf(example).flatMap(([key, value]) =>
    found.has(key) ? valueDifferences(`${path}.${key}`, value, found.get(key)) : [`${path}.${key} is missing`],
  );
};

/**
 * What the list of fields names and the answer has not, or of another type.
 * @param nullable fields that may be null as well
 */
export const fieldDifferences = (
  fields: ReadonlyMap<string, DocumentedType>,
  actual: unknown,
  nullable: ReadonlySet<string>,
): readonly string[] => {
  const found = new Map(entriesOf(actual));
  return [...fields].flatMap(([name, type]) => {
    if (!found.has(name)) return [`${name} is missing`];
    const kind = kindOf(found.get(name));
    return kind === type || (kind === 'null' && nullable.has(name))
      ? []
      : [`${name} is ${kind}, documented as ${type}`];
  });
};

/** The fields that an example shows as null. */
export const nullsOf = (example: unknown): ReadonlySet<string> =>
  new Set(entriesOf(example).flatMap(([name, value]) => (value === null ? [name] : [])));
