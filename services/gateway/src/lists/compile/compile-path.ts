import type { Knex } from 'knex';
import type { PathParts } from '../sources/list-source.ts';
import type { Condition } from '../parse/lookups.ts';
import { sql } from './sql.ts';

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** The text that a pattern wants at the beginning, when it wants nothing else. */
const prefixOf = (pattern: string): string | undefined => {
  const [, escaped] = /^((?:[^\\%_]|\\.)*)%$/s.exec(pattern) ?? [];
  return escaped?.replaceAll(/\\(.)/gs, '$1');
};

/**
 * What follows for its parts from a condition on a path: no index has the path, but the parts are in some. Nothing, where
 * nothing that would help follows.
 */
export const partsSql = (alias: string, { folder, name }: PathParts, condition: Condition): Knex.Raw | undefined => {
  const [folderSql, nameSql] = [sql.raw('??', [`${alias}.${folder}`]), sql.raw('??', [`${alias}.${name}`])];
  if (condition.kind === 'compare' && condition.operator === '=') {
    const path = String(condition.value);
    const wanted = folderOf(path);
    return sql.raw('hashtextextended(?, 0) = hashtextextended(?::text, 0) and ? = ?::text and ? = ?::text', [
      ...[folderSql, wanted, folderSql, wanted],
      ...[nameSql, path.slice(wanted.length)],
    ]);
  }
  const prefix = condition.kind === 'like' && !condition.ignoreCase ? prefixOf(condition.pattern) : undefined;
  if (condition.kind !== 'like' || prefix === undefined || prefix === '') return undefined;
  return sql.raw('(? like ?::text or ? = ?::text)', [folderSql, condition.pattern, folderSql, folderOf(prefix)]);
};
