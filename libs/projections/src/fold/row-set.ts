import type { Column } from '../define/column-type.ts';
import { valueTextOf, type KeyText, type Match } from './row-form.ts';
import type { AnyRow } from '../define/table-changes.ts';

/** Rows by key in insertion order, null for a row known to be absent, with an index per column that is asked for. */
export interface RowSet {
  has(id: KeyText): boolean;
  get(id: KeyText): AnyRow | null | undefined;
  set(id: KeyText, row: AnyRow | null): void;
  /** The rows with this value in this column. The column is indexed at the first such question. */
  matching(match: Match): readonly (readonly [KeyText, AnyRow])[];
  rows(): readonly AnyRow[];
  /** Roughly what the rows take in memory. */
  bytes(): number;
  clear(): void;
}

interface ColumnIndex {
  readonly column: Column;
  readonly ids: Map<string, Set<KeyText>>;
}

/** Objects, keys and pointers; from heap snapshots of rows with some ten columns. */
const PER_VALUE = 24;

/** Roughly what a value, or a row, takes in memory. */
const bytesOf = (value: unknown): number => {
  if (typeof value === 'string') return PER_VALUE + value.length;
  if (typeof value !== 'object' || value === null) return PER_VALUE;
  let bytes = PER_VALUE;
  for (const part of Object.values(value)) bytes += bytesOf(part);
  return bytes;
};

const addTo = ({ column, ids }: ColumnIndex, id: KeyText, row: AnyRow): void => {
  const value = valueTextOf(column, row);
  const known = ids.get(value);
  if (known) known.add(id);
  else ids.set(value, new Set([id]));
};

export const createRowSet = (): RowSet => {
  const held = new Map<KeyText, AnyRow | null>();
  const indexes = new Map<string, ColumnIndex>();
  let bytes = 0;

  const indexOf = (column: Column): ColumnIndex => {
    const known = indexes.get(column.name);
    if (known) return known;
    const index: ColumnIndex = { column, ids: new Map() };
    for (const [id, row] of held) if (row) addTo(index, id, row);
    indexes.set(column.name, index);
    return index;
  };

  return {
    has: (id) => held.has(id),
    get: (id) => held.get(id),
    set: (id, row) => {
      const previous = held.get(id);
      held.set(id, row);
      bytes += bytesOf(row) - (previous === undefined ? 0 : bytesOf(previous));
      for (const index of indexes.values()) {
        if (previous) index.ids.get(valueTextOf(index.column, previous))?.delete(id);
        if (row) addTo(index, id, row);
      }
    },
    matching: ({ column, valueText, value }) => {
      const ids = [...(indexOf(column).ids.get(valueText) ?? [])];
      const rows = ids.map((id) => [id, held.get(id)] as const);
      // a null column reads 'null' in the index, which must not match the text 'null'
      return rows.filter((entry): entry is [KeyText, AnyRow] => entry[1]?.[column.name] === value);
    },
    rows: () => [...held.values()].filter((row) => row !== null),
    bytes: () => bytes,
    clear: () => {
      bytes = 0;
      held.clear();
      indexes.clear();
    },
  };
};
