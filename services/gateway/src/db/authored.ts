/** A user in `summary_fields`. */
export interface Person {
  readonly id: number;
  readonly email: string;
  readonly first_name: string;
  readonly last_name: string;
}

/** The columns that `authorColumns` adds to a row: null when the author was a service, or a user who was removed. */
export interface Authored {
  readonly created_by: number | null;
  readonly modified_by: number | null;
  readonly creator: Person | null;
  readonly modifier: Person | null;
}

const person = (alias: string): string =>
  `case when ${alias}.id is not null then json_build_object('id', ${alias}.id, 'email', ${alias}.email, ` +
  `'first_name', ${alias}.first_name, 'last_name', ${alias}.last_name) end`;

/** Read models keep users' uuids; the API shows their integer ids. */
export const authorColumns = `cb.id as created_by, mb.id as modified_by, ${person('cb')} as creator, ${person('mb')} as modifier`;

/** For a table with the alias `t`. */
export const authorJoins =
  'left join inventory.users cb on cb.uuid = t.created_by left join inventory.users mb on mb.uuid = t.modified_by';

/** `t.a, t.b` for a list of column names, which must never come from a caller. */
export const columnsOf = (names: readonly string[]): string => names.map((name) => `t.${name}`).join(', ');
