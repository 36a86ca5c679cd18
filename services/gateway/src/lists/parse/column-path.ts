import type { ColumnField, ListRelation, ListSource } from '../sources/list-source.ts';
import { isLookup } from './lookups.ts';
import { badQuery, truncateForMessage } from './query-error.ts';
import { sources } from '../sources/sources.ts';

/** A column with the name of its field. */
export interface NamedColumn extends ColumnField {
  readonly name: string;
}

/** One step from a row to its related rows. */
export interface Step {
  readonly name: string;
  readonly relation: ListRelation;
  readonly target: ListSource;
}

/** The column that a name such as `policy__repository__name` means. */
export interface ColumnPath {
  readonly steps: readonly Step[];
  /** Where the steps end. */
  readonly source: ListSource;
  readonly column: NamedColumn;
  /** The rest of the name: a lookup, or nothing. */
  readonly rest: readonly string[];
}

/** Every step is a sub-query within the one before. */
const MAX_STEPS = 4;

/** Refused with this message even where no such field exists, so that no answer looks like a comparison with a secret. */
const SECRET =
  /passw|passphrase|secret|token|auth|_hash|repository_key|private_key|extra_vars|prehook|posthook|job_args|job_env|start_args/i;

export const SEPARATOR = '__';

const own = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const unknownField = (source: ListSource, name: string): Error =>
  badQuery(`${source.label} has no field named '${truncateForMessage(name)}'`);

const follow = (steps: readonly Step[], name: string, relation: ListRelation): readonly Step[] => {
  if (steps.some((step) => step.name === name)) throw badQuery(`'${name}' occurs twice in one filter`);
  if (steps.length === MAX_STEPS) throw badQuery(`A filter may follow ${MAX_STEPS} relations at most`);
  return [...steps, { name, relation, target: sources[relation.target] }];
};

interface Cursor {
  readonly source: ListSource;
  readonly steps: readonly Step[];
  readonly names: readonly string[];
}

/** A relation that a lookup follows, or nothing, stands for the related row's id; `search` looks in the row itself. */
const endsHere = (next: string | undefined): boolean => next === undefined || isLookup(next);

const followRelation = (cursor: Cursor, relation: ListRelation, remaining: readonly string[]): ColumnPath => {
  const [name = ''] = cursor.names;
  const steps = follow(cursor.steps, name, relation);
  const source = sources[relation.target];
  if (remaining[0] === 'search') return { steps, source, column: { name: 'id', type: 'int' }, rest: remaining };
  return resolve({ source, steps, names: endsHere(remaining[0]) ? ['id', ...remaining] : remaining });
};

const resolve = ({ source, steps, names }: Cursor): ColumnPath => {
  const [name = '', ...remaining] = names;
  if (SECRET.test(name)) throw badQuery(`Filtering on '${truncateForMessage(name)}' is not allowed.`);
  const field = own(source.fields, name);
  const relation = own(source.relations, name);
  if (relation && !(field && endsHere(remaining[0]))) {
    return followRelation({ source, steps, names }, relation, remaining);
  }
  if (!field) throw unknownField(source, name);
  if ('through' in field) return resolve({ source, steps, names: [...field.through.split(SEPARATOR), ...remaining] });
  return { steps, source, column: { ...field, name }, rest: remaining };
};

/**
 * Follows a field's name through the allow-list.
 * @param name fields and relations joined by `__`, perhaps with a lookup at the end
 * @throws AppError('validation') for a name outside of the allow-list, and for more than four relations
 */
export const columnPath = (source: ListSource, name: string): ColumnPath =>
  resolve({ source, steps: [], names: name.split(SEPARATOR) });

/** As `columnPath`, for a path with one value per row, which rows can be sorted by and have as a field. */
export const singleColumnPath = (source: ListSource, name: string): ColumnPath => {
  const path = columnPath(source, name);
  if (path.rest.length > 0) throw unknownField(path.source, path.rest.join(SEPARATOR));
  const many = path.steps.find(({ relation }) => relation.many);
  if (many) throw badQuery(`'${many.name}' has several values per ${source.label}`);
  return path;
};

export const samePath = (a: ColumnPath, b: ColumnPath): boolean =>
  a.column.name === b.column.name && a.steps.map(({ name }) => name).join() === b.steps.map(({ name }) => name).join();
