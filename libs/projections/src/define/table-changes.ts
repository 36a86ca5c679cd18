/**
 * What one event does to one table, as data. Handlers are pure: they return changes and never see the database; the
 * folds inside run on rows in memory, in event order.
 */
export type Change<Row extends object = AnyRow> = PutRows<Row> | FoldRow<Row> | FoldMatches<Row> | RemoveMatches<Row>;

/** Any row, once the type checker has done its part. */
export type AnyRow = Readonly<Record<string, unknown>>;

/** The new row; null deletes it, undefined leaves it as it is. */
export type Folded<Row extends object> = Row | null | undefined;

/** Writes rows whole without loading what is there. The way for tables that only grow. */
export interface PutRows<Row extends object> {
  readonly kind: 'put';
  readonly rows: readonly Row[];
}

/** Folds the row with this key, which may not exist yet. */
export interface FoldRow<Row extends object> {
  readonly kind: 'fold';
  readonly key: Partial<Row>;
  // method syntax, so that a typed table may stand where any table is expected
  fold(row: Row | undefined): Folded<Row>;
}

/** Folds every row that has this value in this column. Such a column needs an index. */
export interface FoldMatches<Row extends object> {
  readonly kind: 'fold-matches';
  readonly match: Partial<Row>;
  fold(row: Row): Folded<Row>;
}

/** Deletes every row that has this value in this column, without loading them. Such a column needs an index. */
export interface RemoveMatches<Row extends object> {
  readonly kind: 'remove-matches';
  readonly match: Partial<Row>;
}

/** New values for some columns, or a fold. */
export type RowUpdate<Row extends object> = Partial<Row> | ((row: Row) => Folded<Row>);

/** How a handler says what it wants; `key` names all key columns, `match` exactly one column. */
export interface TableChanges<Row extends object> {
  put(...rows: readonly Row[]): Change<Row>;
  upsert(key: Partial<Row>, fold: (row: Row | undefined) => Folded<Row>): Change<Row>;
  /** A row that does not exist stays so. */
  update(key: Partial<Row>, update: RowUpdate<Row>): Change<Row>;
  updateMatches(match: Partial<Row>, update: RowUpdate<Row>): Change<Row>;
  remove(key: Partial<Row>): Change<Row>;
  removeMatches(match: Partial<Row>): Change<Row>;
}

const updating =
  <Row extends object>(update: RowUpdate<Row>) =>
  (row: Row): Folded<Row> =>
    typeof update === 'function' ? update(row) : { ...row, ...update };

export const tableChanges = <Row extends object>(): TableChanges<Row> => ({
  put: (...rows) => ({ kind: 'put', rows }),
  upsert: (key, fold) => ({ kind: 'fold', key, fold }),
  update: (key, update) => ({
    kind: 'fold',
    key,
    fold: (row) => (row === undefined ? undefined : updating(update)(row)),
  }),
  updateMatches: (match, update) => ({ kind: 'fold-matches', match, fold: updating(update) }),
  remove: (key) => ({ kind: 'fold', key, fold: (row) => (row === undefined ? undefined : null) }),
  removeMatches: (match) => ({ kind: 'remove-matches', match }),
});
