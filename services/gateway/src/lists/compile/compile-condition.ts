import type { Knex } from 'knex';
import type { ColumnField, FieldType } from '../sources/list-source.ts';
import type { NamedColumn } from '../parse/column-path.ts';
import type { Condition } from '../parse/lookups.ts';
import { sql } from './sql.ts';

const SQL_TYPES: Readonly<Record<FieldType, string>> = {
  int: 'bigint',
  float: 'double precision',
  text: 'text',
  bool: 'boolean',
  timestamp: 'timestamptz',
  uuid: 'uuid',
};

const identifier = (alias: string, column: string): Knex.Raw => sql.raw('??', [`${alias}.${column}`]);

/** The column in the row with this alias. */
export const columnSql = (alias: string, column: NamedColumn): Knex.Raw =>
  column.sql === undefined
    ? identifier(alias, column.column ?? column.name)
    : sql.raw(column.sql.replaceAll('$', () => alias));

const asText = ({ type }: ColumnField, column: Knex.Raw): Knex.Raw =>
  type === 'text' ? column : sql.raw('?::text', [column]);

/** True, false or null, as SQL has it. */
export const conditionSql = (field: ColumnField, column: Knex.Raw, condition: Condition): Knex.Raw => {
  const type = SQL_TYPES[field.type];
  switch (condition.kind) {
    case 'present':
      return sql.raw('? is not null', [column]);
    case 'compare':
      return sql.raw(`? ${condition.operator} ?::${type}`, [column, condition.value]);
    case 'in':
      return sql.raw(`? = any(?::${type}[])`, [column, condition.values.map(String)]);
    case 'iexact':
      return sql.raw('lower(?) = lower(?::text)', [asText(field, column), condition.text]);
    case 'like':
      return sql.raw(`? ${condition.ignoreCase ? 'ilike' : 'like'} ?::text`, [
        asText(field, column),
        condition.pattern,
      ]);
    case 'regex':
      return sql.raw(`? ${condition.ignoreCase ? '~*' : '~'} ?::text`, [asText(field, column), condition.pattern]);
  }
};
