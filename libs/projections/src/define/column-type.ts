/**
 * The column types a read model may have, and what a value of each is in TypeScript. A value survives the way to
 * PostgreSQL and back exactly: `timestamptz` is text in UTC with microseconds (a `Date` would drop three digits), `int8`
 * is a bigint. `safeint` is a bigint column held as a number; a value beyond 2^53 is refused rather than rounded.
 */
export interface ColumnTypes {
  readonly uuid: string;
  readonly text: string;
  readonly timestamptz: string;
  readonly bool: boolean;
  readonly int4: number;
  readonly int8: bigint;
  readonly safeint: number;
  readonly float8: number;
  readonly 'text[]': readonly string[];
  readonly 'uuid[]': readonly string[];
  readonly 'int4[]': readonly number[];
  readonly jsonb: unknown;
}

export type ColumnType = keyof ColumnTypes;

/** A type, with `?` behind it when the column may be null: `'text'`, `'timestamptz?'`. */
export type ColumnSpec = ColumnType | `${ColumnType}?`;

declare const VALUE: unique symbol;

/** A specification that says more about the values than its column type does; see `typed`. */
export type TypedColumn<Value> = ColumnSpec & { readonly [VALUE]: Value };

/** The specifications that suit a property of a row. */
export type ColumnFor<Value> =
  | TypedColumn<Value>
  | (unknown extends Value
      ? 'jsonb' | 'jsonb?'
      : {
          [Type in ColumnType]: NonNullable<Value> extends ColumnTypes[Type]
            ? null extends Value
              ? `${Type}?`
              : Type
            : never;
        }[ColumnType]);

/** The values of a column. */
export type ValueOf<Spec extends ColumnSpec> =
  Spec extends TypedColumn<infer Value>
    ? Value
    : Spec extends `${infer Type extends ColumnType}?`
      ? ColumnTypes[Type] | null
      : Spec extends ColumnType
        ? ColumnTypes[Spec]
        : never;

/** Columns for all of these fields: `{ … } satisfies ColumnsFor<ClientFields>` fails when one is missing or cannot hold the value. */
export type ColumnsFor<Fields extends object> = { readonly [Name in keyof Fields]: ColumnFor<Fields[Name]> };

/** Narrows a column's values to one type: `typed<JobStatus>('text')`, `typed<Sizes | null>('jsonb?')`. */
export const typed = <Value>(spec: ColumnFor<Value> & ColumnSpec): TypedColumn<Value> => spec as TypedColumn<Value>;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

const isColumnType = (text: string): text is ColumnType => Object.hasOwn(SQL_TYPES, text);

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  uuid: 'uuid',
  text: 'text',
  timestamptz: 'timestamptz',
  bool: 'boolean',
  int4: 'integer',
  int8: 'bigint',
  safeint: 'bigint',
  float8: 'double precision',
  'text[]': 'text[]',
  'uuid[]': 'uuid[]',
  'int4[]': 'integer[]',
  jsonb: 'jsonb',
};

export const sqlType = (type: ColumnType): string => SQL_TYPES[type];

/** @throws TypeError for a specification that names no column type */
export const parseColumn = (name: string, spec: string): Column => {
  const nullable = spec.endsWith('?');
  const type = nullable ? spec.slice(0, -1) : spec;
  if (!isColumnType(type)) throw new TypeError(`Column ${name}: ${spec} is not a column type`);
  return { name, type, nullable };
};
