import type { ColumnType, Table } from '@cyborgbackup/projections/define';

/** What a column holds, and so which values a filter on it takes. */
export type FieldType = 'int' | 'float' | 'text' | 'bool' | 'timestamp' | 'uuid';

/** Columns that a path is made of, one after the other: its folder, empty or with a slash at the end, and its last part. */
export interface PathParts {
  readonly folder: string;
  readonly name: string;
}

/** A column of the resource's own table, under its API name. */
export interface ColumnField {
  readonly type: FieldType;
  /** The column, unless it has the field's name. */
  readonly column?: string;
  /** In place of a column: SQL in which `$` stands for the table's alias. */
  readonly sql?: string;
  /** For a path that is in no index: the columns that it is made of, which are. */
  readonly parts?: PathParts;
}

/** A field that is found in a related row: `job__archive_name`. */
export interface DistantField {
  readonly through: string;
}

export type ListField = ColumnField | DistantField;

export type SourceName =
  | 'archives'
  | 'users'
  | 'clients'
  | 'schedules'
  | 'repositories'
  | 'policies'
  | 'jobs'
  | 'job_events'
  | 'drills'
  | 'catalogs'
  | 'settings';

/** How to get from a row to the rows related to it. */
export interface ListRelation {
  readonly target: SourceName;
  /** Column of the row. */
  readonly from: string;
  /** Column of the related rows that has the same value. */
  readonly to: string;
  /** Which of the two columns is an array that holds the other's value. */
  readonly array?: 'from' | 'to';
  /** Whether there can be several: these cannot be sorted by, nor be a field. */
  readonly many?: boolean;
  /** Whether every row has one. */
  readonly required?: boolean;
}

/** How rows are read for the answer: the SQL after SELECT (`t.id` among it) and after FROM. Listed rows have the alias `t`. */
export interface RowSource {
  readonly select: string;
  readonly from: string;
  /** In place of `from` when the ids of the rows are known, as `$1`: for rows whose id is in no index. */
  readonly byIds?: string;
}

/**
 * What a list may be asked: the fields and relations that filters, `order` and `fields` know. Whatever is not in here does
 * not exist for a caller; secrets are simply left out.
 */
export interface ListSource {
  readonly name: SourceName;
  /** The word for one row in error messages: `Client`. */
  readonly label: string;
  /** The rows' `type`, as `?type=` names it. */
  readonly type: string;
  /** `schema.table`; it has a unique integer column `id`. */
  readonly table: string;
  /** In place of the table: a query, when no table holds the rows as they are listed. */
  readonly query?: string;
  readonly fields: Readonly<Record<string, ListField>>;
  readonly relations: Readonly<Record<string, ListRelation>>;
  /** Own text columns that `search` looks in; none: `search` has no effect. */
  readonly search: readonly string[];
  /** As in `?order=`; default: newest first. */
  readonly order?: string;
}

/** A list whose rows are read from tables and then presented. */
export interface ResourceSource extends ListSource {
  readonly rows: RowSource;
}

const FIELD_TYPES: Readonly<Partial<Record<ColumnType, FieldType>>> = {
  uuid: 'uuid',
  text: 'text',
  timestamptz: 'timestamp',
  bool: 'bool',
  int4: 'int',
  int8: 'int',
  safeint: 'int',
  float8: 'float',
};

interface FieldOptions<Row extends object> {
  /** Columns that callers must not know of; with `only`, all others are hidden. */
  readonly hide?: readonly (keyof Row)[];
  readonly only?: readonly (keyof Row)[];
  /** Columns by the names that the API has for them. */
  readonly renamed?: Readonly<Record<string, keyof Row & string>>;
}

/** The fields that are columns of a table. Arrays and JSON, which all secrets are, are never among them. */
export const fieldsOf = <Row extends object>(
  { columns }: Table<Row>,
  { hide = [], only, renamed = {} }: FieldOptions<Row>,
): Readonly<Record<string, ColumnField>> => {
  const hidden = new Set<PropertyKey>([...hide, ...Object.values(renamed)]);
  const types = new Map<string, FieldType>(
    columns.flatMap(({ name, type }) => {
      const fieldType = FIELD_TYPES[type];
      return fieldType === undefined ? [] : [[name, fieldType] as const];
    }),
  );
  const visible = [...types].filter(([name]) => only?.some((one) => one === name) ?? !hidden.has(name));
  return {
    ...Object.fromEntries(visible.map(([name, type]) => [name, { type }])),
    ...Object.fromEntries(
      Object.entries(renamed).map(([name, column]) => [name, { type: types.get(column) ?? 'text', column }]),
    ),
  };
};

/** Columns that no list has as fields: authors are relations, and the revision is the ETag. */
export const STAMPS = ['created_by', 'modified_by', 'revision'] as const;

/** Read models name people by uuid; `created_by` by itself is their integer id. */
export const authors: Readonly<Record<string, ListRelation>> = {
  created_by: { target: 'users', from: 'created_by', to: 'uuid' },
  modified_by: { target: 'users', from: 'modified_by', to: 'uuid' },
};
