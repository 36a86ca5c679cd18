import type { ReadModel } from '../define/read-model.ts';
import { createRowSet } from './row-set.ts';
import { isSameRow, keyOf, keyText, matchOf, normalRow, type KeyText, type Match } from './row-form.ts';
import type { AnyRow, Change, FoldMatches, FoldRow, Folded, RemoveMatches } from '../define/table-changes.ts';

/** Rows that must be in memory before some changes can be applied. */
export interface NeededRows {
  readonly keys: readonly AnyRow[];
  readonly matches: readonly Match[];
}

/** What has to be written; in this order, or a row that left a purged value behind would be lost. */
export interface TableWrites {
  readonly purges: readonly Match[];
  readonly removedKeys: readonly AnyRow[];
  readonly rows: readonly AnyRow[];
}

/**
 * One table's rows in memory, changed by events and written later in bulk. Two modes:
 *
 * - `wholeTable`: every row of the table is here (a rebuild starts from nothing), so nothing is ever loaded;
 * - otherwise a window: what a page of events touches is loaded first (`request`, `requested`, `addLoaded`), and rows that are
 *   deleted by value without having been loaded are remembered as purges.
 *
 * A row known to be absent is held as null. A row in memory always wins over the stored one.
 */
export interface TableFold {
  /** Notes what a change needs to be loaded. */
  request(change: Change): void;
  requested(): NeededRows;
  /** Takes the rows loaded for all that was requested; those not loaded are absent from now on. */
  addLoaded(loaded: readonly AnyRow[]): void;
  apply(change: Change): void;
  hasWrites(): boolean;
  writes(): TableWrites;
  /** After the writes are committed: drops all rows, and leaves the `wholeTable` mode. */
  forget(): void;
  rows(): readonly AnyRow[];
  /** Roughly what the rows take in memory. */
  bytes(): number;
  /** After the writes are committed: keeps the rows, and the mode. */
  markWritten(): void;
  /** True once rows were looked for by something else than their key. */
  isMatched(): boolean;
  /** True once an event has changed a row rather than put one: evicted rows will have to be loaded again. */
  isReread(): boolean;
}

const matchText = ({ column, valueText }: Match): string => `${column.name}=${valueText}`;

export const createTableFold = (model: ReadModel, options: { readonly wholeTable: boolean }): TableFold => {
  let wholeTable = options.wholeTable;
  let matched = false;
  let reread = false;
  const held = createRowSet();
  const dirty = new Map<KeyText, AnyRow>();
  const purges = new Map<string, Match>();
  const loadedMatches = new Set<string>();
  const requestedKeys = new Map<KeyText, AnyRow>();
  const requestedMatches = new Map<string, Match>();

  const write = (id: KeyText, row: AnyRow | null): void => {
    dirty.set(id, row ?? dirty.get(id) ?? held.get(id) ?? {});
    held.set(id, row);
  };

  const store = (id: KeyText, previous: AnyRow | undefined, folded: Folded<AnyRow>): void => {
    if (folded === undefined || folded === previous) return;
    if (folded === null) {
      if (previous !== undefined) write(id, null);
      return;
    }
    const row = normalRow(model, folded, previous);
    if (keyText(model, row) !== id) throw new TypeError(`Table ${model.table}: a fold must not change the key`);
    if (previous === undefined || !isSameRow(model, row, previous)) write(id, row);
  };

  const foldRow = (change: FoldRow<AnyRow>): void => {
    reread = true;
    const id = keyText(model, change.key);
    if (!wholeTable && !held.has(id)) throw new Error(`Table ${model.table}: a row was not loaded before its fold`);
    const previous = held.get(id) ?? undefined;
    store(id, previous, change.fold(previous));
  };

  const foldMatches = (change: FoldMatches<AnyRow>): void => {
    matched = true;
    reread = true;
    for (const [id, row] of held.matching(matchOf(model, change.match))) store(id, row, change.fold(row));
  };

  const removeMatches = (change: RemoveMatches<AnyRow>): void => {
    matched = true;
    const match = matchOf(model, change.match);
    for (const [id] of held.matching(match)) write(id, null);
    if (!wholeTable) purges.set(matchText(match), match);
  };

  const isPurged = (row: AnyRow): boolean =>
    purges.size > 0 && [...purges.values()].some(({ column, value }) => row[column.name] === value);

  const markWritten = (): void => {
    dirty.clear();
    purges.clear();
  };

  return {
    request: (change) => {
      if (wholeTable) return;
      if (change.kind === 'fold') {
        const id = keyText(model, change.key);
        if (!held.has(id)) requestedKeys.set(id, keyOf(model, change.key));
      } else if (change.kind === 'fold-matches') {
        const match = matchOf(model, change.match);
        if (!loadedMatches.has(matchText(match))) requestedMatches.set(matchText(match), match);
      }
    },
    requested: () => ({ keys: [...requestedKeys.values()], matches: [...requestedMatches.values()] }),
    addLoaded: (loaded) => {
      for (const row of loaded) {
        const id = keyText(model, row);
        if (!held.has(id)) held.set(id, isPurged(row) ? null : row);
      }
      for (const id of requestedKeys.keys()) if (!held.has(id)) held.set(id, null);
      for (const id of requestedMatches.keys()) loadedMatches.add(id);
      requestedKeys.clear();
      requestedMatches.clear();
    },
    apply: (change) => {
      if (change.kind === 'fold') foldRow(change);
      else if (change.kind === 'fold-matches') foldMatches(change);
      else if (change.kind === 'remove-matches') removeMatches(change);
      else for (const row of change.rows) write(keyText(model, row), normalRow(model, row));
    },
    hasWrites: () => dirty.size > 0 || purges.size > 0,
    writes: () => {
      const removedKeys: AnyRow[] = [];
      const rows: AnyRow[] = [];
      for (const [id, lastRow] of dirty) {
        const row = held.get(id);
        if (row) rows.push(row);
        else removedKeys.push(keyOf(model, lastRow));
      }
      return { purges: [...purges.values()], removedKeys, rows };
    },
    markWritten,
    forget: () => {
      markWritten();
      held.clear();
      loadedMatches.clear();
      requestedKeys.clear();
      requestedMatches.clear();
      wholeTable = false;
    },
    rows: () => held.rows(),
    bytes: () => held.bytes(),
    isMatched: () => matched,
    isReread: () => reread,
  };
};
