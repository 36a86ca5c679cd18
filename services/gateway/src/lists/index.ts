/*
 * From the query of a request to one page of a list, in four steps, each with a folder of its own:
 *
 *   parse/    the query's parameters, checked against the allow-list of a source (sources/) -> ListQuery
 *   compile/  ListQuery -> SQL statements
 *   read/     the statements find the ids of the page, and the rows with these ids
 *   render    (read/render-page.ts) count, `next` and `previous` around the rows
 *
 * See docs/decisions/0006-read-models-by-pg-lists-by-knex.md.
 */
export { applyFilters } from './compile/compile-filters.ts';
export type { Scope } from './compile/compile-list.ts';
export { sql, statementOf } from './compile/sql.ts';
export { parseListQuery, type ListQuery, type Parameter } from './parse/list-query.ts';
export { escapeLike } from './parse/lookups.ts';
export { listRows, rowsById, type ListPage } from './read/list-rows.ts';
export { renderPage, type PageEnvelope } from './read/render-page.ts';
export type { ListSource, ResourceSource } from './sources/list-source.ts';
export { sources } from './sources/sources.ts';
