import type { FieldType } from '../sources/list-source.ts';
import { parseBoolean, parseText, parseValue, type SqlValue } from './filter-value.ts';
import { badQuery, truncateForMessage } from './query-error.ts';

/** Text for a LIKE pattern in which nothing is a wildcard. */
export const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** What a filter demands of a column. A comparison with null is the condition `present`. */
export type Condition =
  | { readonly kind: 'present' }
  | { readonly kind: 'compare'; readonly operator: '=' | '>' | '>=' | '<' | '<='; readonly value: SqlValue }
  | { readonly kind: 'in'; readonly values: readonly SqlValue[] }
  /** Case-insensitively equal. */
  | { readonly kind: 'iexact'; readonly text: string }
  | { readonly kind: 'like'; readonly pattern: string; readonly ignoreCase: boolean }
  | { readonly kind: 'regex'; readonly pattern: string; readonly ignoreCase: boolean };

/** A condition, or its negation. */
interface Demand {
  readonly condition: Condition;
  readonly negated: boolean;
}

interface Operand {
  readonly type: FieldType;
  readonly text: string;
}

type Lookup = (operand: Operand) => Demand;

const PRESENT: Condition = { kind: 'present' };
const demand = (condition: Condition): Demand => ({ condition, negated: false });

const compare =
  (operator: '=' | '>' | '>=' | '<' | '<='): Lookup =>
  ({ type, text }) =>
    demand({ kind: 'compare', operator, value: parseValue(type, text) });

const like =
  (pattern: (escaped: string) => string, ignoreCase: boolean): Lookup =>
  ({ text }) =>
    demand({ kind: 'like', pattern: pattern(escapeLike(parseText(text))), ignoreCase });

const MAX_PATTERN = 1_000;

const regex =
  (ignoreCase: boolean): Lookup =>
  ({ text }) => {
    if (text.length > MAX_PATTERN) throw badQuery(`A regular expression may have ${MAX_PATTERN} characters at most`);
    return demand({ kind: 'regex', pattern: parseText(text), ignoreCase });
  };

const isNull = (text: string): boolean => /^(null|none)$/i.test(text);

const exact: Lookup = (operand) =>
  operand.type !== 'text' && isNull(operand.text) ? { condition: PRESENT, negated: true } : compare('=')(operand);

const MAX_ITEMS = 1_000;

const oneOf: Lookup = ({ type, text }) => {
  if (text === '') throw badQuery('The list of an __in filter must not be empty');
  const items = text.split(',');
  if (items.length > MAX_ITEMS) throw badQuery(`The list of an __in filter may have ${MAX_ITEMS} items at most`);
  return demand({ kind: 'in', values: items.map((item) => parseValue(type, item)) });
};

const contains = (escaped: string): string => `%${escaped}%`;
const startsWith = (escaped: string): string => `${escaped}%`;
const endsWith = (escaped: string): string => `%${escaped}`;

const LOOKUPS: ReadonlyMap<string, Lookup> = new Map<string, Lookup>([
  ['exact', exact],
  ['iexact', ({ text }) => demand({ kind: 'iexact', text: parseText(text) })],
  ['contains', like(contains, false)],
  ['icontains', like(contains, true)],
  ['startswith', like(startsWith, false)],
  ['istartswith', like(startsWith, true)],
  ['endswith', like(endsWith, false)],
  ['iendswith', like(endsWith, true)],
  ['regex', regex(false)],
  ['iregex', regex(true)],
  ['gt', compare('>')],
  ['gte', compare('>=')],
  ['lt', compare('<')],
  ['lte', compare('<=')],
  ['in', oneOf],
  ['isnull', ({ text }) => ({ condition: PRESENT, negated: parseBoolean(text) })],
]);

export const isLookup = (name: string): boolean => LOOKUPS.has(name);

/** The condition of `icontains`, and of `search`. */
export const containing = (text: string): Condition => ({
  kind: 'like',
  pattern: contains(escapeLike(parseText(text))),
  ignoreCase: true,
});

/** @throws AppError('validation') for an unknown lookup, or a value that the column cannot have */
export const parseLookup = (name: string, operand: Operand): Demand => {
  const lookup = LOOKUPS.get(name);
  if (!lookup)
    throw badQuery(`There is no lookup '${truncateForMessage(name)}'; there are ${[...LOOKUPS.keys()].join(', ')}`);
  return lookup(operand);
};
