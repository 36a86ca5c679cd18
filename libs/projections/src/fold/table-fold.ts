import type { ReadModel } from '../define/read-model.ts';
import { createLoadWindow, type LoadWindow } from './load-window.ts';
import { isSameRow, keyOf, keyText, matchOf, normalRow, type KeyText, type Match } from './row-form.ts';
import { createRowSet } from './row-set.ts';
import type { AnyRow, Change, FoldMatches, FoldRow, Folded, RemoveMatches } from '../define/table-changes.ts';

/** What has to be written; in this order, or a row that left a purged value behind would be lost. */
export interface TableWrites {
  readonly purges: readonly Match[];
  readonly removedKeys: readonly AnyRow[];
  readonly rows: readonly AnyRow[];
}

/**
 * One table's rows in memory, changed by events and written later in bulk. As long as every row of the table is here (a rebuild
 * starts from nothing) nothing is loaded; otherwise what a page of events touches is loaded first, see `LoadWindow`.
 */
export interface TableFold {
  /** Undefined while the whole table is in memory. */
  window(): LoadWindow | undefined;
  apply(change: Change): void;
  hasWrites(): boolean;
  writes(): TableWrites;
  /** After the writes are committed: drops all rows; from then on rows have to be loaded. */
  forget(): void;
  rows(): readonly AnyRow[];
  /** Roughly what the rows take in memory. */
  bytes(): number;
  /** After the writes are committed: keeps the rows. */
  markWritten(): void;
  /** True once rows were looked for by something else than their key. */
  isMatched(): boolean;
  /** True once an event has changed a row rather than put one: evicted rows will have to be loaded again. */
  isReread(): boolean;
}

/** @param isWhole the table is known to be empty, so that all its rows will be in memory until the first `forget` */
export const createTableFold = (model: ReadModel, isWhole: boolean): TableFold => {
  const held = createRowSet();
  const dirty = new Map<KeyText, AnyRow>();
  let window = isWhole ? undefined : createLoadWindow(model, held);
  let matched = false;
  let reread = false;

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
    if (window && !held.has(id)) throw new Error(`Table ${model.table}: a row was not loaded before its fold`);
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
    window?.purge(match);
  };

  const markWritten = (): void => {
    dirty.clear();
    window?.forgetPurges();
  };

  return {
    window: () => window,
    apply: (change) => {
      if (change.kind === 'fold') foldRow(change);
      else if (change.kind === 'fold-matches') foldMatches(change);
      else if (change.kind === 'remove-matches') removeMatches(change);
      else for (const row of change.rows) write(keyText(model, row), normalRow(model, row));
    },
    hasWrites: () => dirty.size > 0 || (window?.purges().length ?? 0) > 0,
    writes: () => {
      const removedKeys: AnyRow[] = [];
      const rows: AnyRow[] = [];
      for (const [id, lastRow] of dirty) {
        const row = held.get(id);
        if (row) rows.push(row);
        else removedKeys.push(keyOf(model, lastRow));
      }
      return { purges: window?.purges() ?? [], removedKeys, rows };
    },
    markWritten,
    forget: () => {
      dirty.clear();
      held.clear();
      window = createLoadWindow(model, held);
    },
    rows: () => held.rows(),
    bytes: () => held.bytes(),
    isMatched: () => matched,
    isReread: () => reread,
  };
};
