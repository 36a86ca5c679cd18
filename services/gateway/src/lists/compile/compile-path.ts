import type { Knex } from 'knex';
import type { PathParts } from '../sources/list-source.ts';
import type { Condition } from '../parse/lookups.ts';
import { sql } from './sql.ts';

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** The prefix of a pattern that demands a prefix and nothing else. */
const prefixOf = (pattern: string): string | undefined => {
  const [, escaped] = /^((?:[^\\%_]|\\.)*)%$/s.exec(pattern) ?? [];
  return escaped?.replaceAll(/\\(.)/gs, '$1');
};

/**
 * The condition on a path's parts that follows from a condition on the path: indexes have the parts, but not the path. Undefined
 * when no useful condition follows.
 */
export const partsSql = (alias: string, { folder, name }: PathParts, condition: Condition): Knex.Raw | undefined => {
  const [folderSql, nameSql] = [sql.raw('??', [`${alias}.${folder}`]), sql.raw('??', [`${alias}.${name}`])];
  if (condition.kind === 'compare' && condition.operator === '=') {
    const path = String(condition.value);
    const parent = folderOf(path);
    return sql.raw('hashtextextended(?, 0) = hashtextextended(?::text, 0) and ? = ?::text and ? = ?::text', [
      ...[folderSql, parent, folderSql, parent],
      ...[nameSql, path.slice(parent.length)],
    ]);
  }
  const prefix = condition.kind === 'like' && !condition.ignoreCase ? prefixOf(condition.pattern) : undefined;
  if (condition.kind !== 'like' || prefix === undefined || prefix === '') return undefined;
  return sql.raw('(? like ?::text or ? = ?::text)', [folderSql, condition.pattern, folderSql, folderOf(prefix)]);
};
