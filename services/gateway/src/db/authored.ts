import type { Table } from '@cyborgbackup/projections/define';
import type { UserRow } from '@cyborgbackup/read-models';

/** A user as `summary_fields` shows them. */
export type Person = Pick<UserRow, 'id' | 'email' | 'first_name' | 'last_name'>;

/** The columns that `authoredSource` adds to a row: null when it was a service, or the user is gone. */
export interface Authored {
  readonly created_by: number | null;
  readonly modified_by: number | null;
  readonly creator: Person | null;
  readonly modifier: Person | null;
}

export const personOf = (alias: string): string =>
  `case when ${alias}.id is not null then json_build_object('id', ${alias}.id, 'email', ${alias}.email, ` +
  `'first_name', ${alias}.first_name, 'last_name', ${alias}.last_name) end`;

/** Read models keep users' uuids; the API shows their integer ids. */
const AUTHOR_COLUMNS = `cb.id as created_by, mb.id as modified_by, ${personOf('cb')} as creator, ${personOf('mb')} as modifier`;

/** `t.a, t.b`: the columns of a table, but for some. */
export const columnsOf = <Row extends object>(
  { columns }: Table<Row>,
  hide: readonly (keyof Row)[] = [],
  alias = 't',
): string =>
  columns
    .filter(({ name }) => !hide.some((hidden) => hidden === name))
    .map(({ name }) => `${alias}.${name}`)
    .join(', ');

interface Stamped {
  readonly created_by: string | null;
  readonly modified_by: string | null;
}

/** A row with its authors as people see them. */
export type AuthoredRow<Row extends Stamped, Hidden extends keyof Row = never> = Omit<Row, keyof Stamped | Hidden> &
  Authored;

/** SQL for such rows: the columns of a table but for some, with `more`, from the table and what `joins` adds to it. */
export const authoredSource = <Row extends Stamped>(
  table: Table<Row>,
  {
    hide = [],
    more = [],
    joins = '',
  }: Readonly<{ hide?: readonly (keyof Row)[]; more?: readonly string[]; joins?: string }>,
): { readonly select: string; readonly from: string } => ({
  select: [columnsOf(table, ['created_by', 'modified_by', ...hide]), AUTHOR_COLUMNS, ...more].join(', '),
  from: `${table.name} t
    left join inventory.users cb on cb.uuid = t.created_by left join inventory.users mb on mb.uuid = t.modified_by ${joins}`,
});
