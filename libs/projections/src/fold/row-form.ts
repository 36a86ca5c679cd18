import { normalValue } from './column-value.ts';
import type { Column } from '../define/column-type.ts';
import type { ReadModel } from '../define/read-model.ts';
import type { AnyRow } from '../define/table-changes.ts';

/** Identifies a row in memory; equal for equal keys, whatever form their values had. */
export type KeyText = string;

/** Arrays and JSON have no cheap equality; nothing is looked up by them. */
const scalarText = (column: Column, value: unknown): string => {
  if (column.type === 'jsonb' || column.type.endsWith('[]')) {
    throw new TypeError(`Column ${column.name} (${column.type}) cannot be matched by value`);
  }
  return String(value);
};

const pick = (columns: readonly Column[], row: AnyRow): AnyRow =>
  Object.fromEntries(columns.map((column) => [column.name, normalValue(column, row[column.name])]));

/** The key columns of a row or key, in normal form. */
export const keyOf = (model: ReadModel, row: AnyRow): AnyRow => pick(model.key, row);

export const keyText = (model: ReadModel, key: AnyRow): KeyText => {
  const [first, ...others] = model.key.map((column) => scalarText(column, normalValue(column, key[column.name])));
  return others.length === 0 ? String(first) : JSON.stringify([first, ...others]);
};

/** The one column and value of a match. */
export interface Match {
  readonly column: Column;
  readonly value: unknown;
  readonly valueText: string;
}

/** @throws TypeError unless the match names exactly one column, with a value that is not null */
export const matchOf = (model: ReadModel, match: AnyRow): Match => {
  const [entry, ...others] = Object.entries(match);
  const column = model.columns.find(({ name }) => name === entry?.[0]);
  if (entry === undefined || column === undefined || others.length > 0) {
    throw new TypeError(`Table ${model.table}: a match names exactly one column`);
  }
  const value = normalValue({ ...column, nullable: false }, entry[1]);
  return { column, value, valueText: scalarText(column, value) };
};

/** A loaded row's value in the form in which matches compare it. */
export const valueTextOf = (column: Column, row: AnyRow): string => scalarText(column, row[column.name]);

/**
 * The row as it will be loaded again: every column, in normal form. Values taken over from the previous row are normal
 * already. Frozen, because a fold that changes its row in place would go unnoticed.
 */
export const normalRow = (model: ReadModel, row: AnyRow, previous?: AnyRow): AnyRow => {
  const normal: Record<string, unknown> = {};
  for (const column of model.columns) {
    const value = row[column.name];
    normal[column.name] =
      previous !== undefined && previous[column.name] === value ? value : normalValue(column, value);
  }
  return Object.freeze(normal);
};

/** True when every column holds the very same value; JSON and arrays are compared by identity. */
export const isSameRow = (model: ReadModel, a: AnyRow, b: AnyRow): boolean =>
  model.columns.every(({ name }) => Object.is(a[name], b[name]));
