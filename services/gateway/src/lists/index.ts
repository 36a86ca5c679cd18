export { applyFilters } from './compile/compile-filters.ts';
export { withStatementTimeout, type ListDatabase } from './read/list-database.ts';
export { parseListQuery, type ListQuery, type Parameter } from './parse/list-query.ts';
export { escapeLike } from './parse/escape-like.ts';
export { listRows, rowsById, type ListPage, type ListRowsOptions, type RowSource } from './read/list-rows.ts';
export type { ListSource } from './sources/list-source.ts';
export { renderPage, type PageEnvelope } from './read/render-page.ts';
export { sql, statementOf } from './compile/sql.ts';
export { sources } from './sources/sources.ts';
