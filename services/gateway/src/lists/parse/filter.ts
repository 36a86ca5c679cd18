import { columnPath, SEPARATOR, type NamedColumn, type Step } from './column-path.ts';
import { castToInteger } from './filter-value.ts';
import type { ListSource } from '../sources/list-source.ts';
import { containing, parseLookup, type Condition } from './lookups.ts';
import { badQuery } from './query-error.ts';

/** A row passes when some related row at the end of `steps` (or the row itself) has a column that meets the condition. */
export interface Filter {
  readonly steps: readonly Step[];
  /** Any one of these. */
  readonly columns: readonly NamedColumn[];
  readonly condition: Condition;
  /** Whether the other rows pass instead. */
  readonly negated: boolean;
}

/** How a filter is combined with the others; `search` is a search on a relation. */
export type FilterRole = 'all' | 'any' | 'chain' | 'search';

interface ParsedFilter {
  readonly role: FilterRole;
  readonly filter: Filter;
}

const NOT = `not${SEPARATOR}`;
const AS_INTEGER = `${SEPARATOR}int`;
const ROLES = [
  [`or${SEPARATOR}`, 'any'],
  [`chain${SEPARATOR}`, 'chain'],
] as const;

const without = (name: string, prefix: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name);

interface Affixes {
  readonly name: string;
  readonly role: FilterRole;
  readonly negated: boolean;
  readonly asInteger: boolean;
}

/** `or__` or `chain__` comes first, then `not__`; `__int` comes last. */
const readAffixes = (written: string): Affixes => {
  const asInteger = written.endsWith(AS_INTEGER);
  const body = asInteger ? written.slice(0, -AS_INTEGER.length) : written;
  const [prefix, role] = ROLES.find(([start]) => body.startsWith(start)) ?? ['', 'all'];
  const inner = without(body, prefix);
  return { name: without(inner, NOT), role, negated: inner.startsWith(NOT), asInteger };
};

const ownTextColumns = ({ search }: ListSource): readonly NamedColumn[] =>
  search.map((name) => ({ name, type: 'text' as const }));

/**
 * Reads one parameter, such as `or__not__policy__name__icontains=x`.
 * @throws AppError('validation') for an unknown field, relation or lookup, or an invalid value
 */
export const parseFilter = (source: ListSource, written: string, text: string): ParsedFilter => {
  const { name, role, negated, asInteger } = readAffixes(written);
  const { steps, source: target, column, rest } = columnPath(source, name);
  const [lookup = 'exact', ...more] = rest;
  if (more.length > 0) throw badQuery(`There can be only one lookup, not '${rest.join(SEPARATOR).slice(0, 64)}'`);
  if (lookup === 'search' && steps.length > 0) {
    const condition = containing(text);
    const searched = { steps, columns: ownTextColumns(target), condition, negated };
    return { role: role === 'all' && !negated ? 'search' : role, filter: searched };
  }
  const demand = parseLookup(lookup, { type: column.type, text: asInteger ? castToInteger(text) : text });
  return {
    role,
    filter: { steps, columns: [column], condition: demand.condition, negated: demand.negated !== negated },
  };
};
