export { applyFilters } from './compile-filters.ts';
export { withStatementTimeout, type ListDatabase } from './list-database.ts';
export { parseListQuery, type ListQuery, type Parameter } from './list-query.ts';
export { escapeLike } from './escape-like.ts';
export { listRows, rowsById, type ListPage, type ListRowsOptions, type RowSource } from './list-rows.ts';
export type { ListSource } from './list-source.ts';
export { renderPage, type PageEnvelope } from './render-page.ts';
export { sql, statementOf } from './sql.ts';
export { sources } from './sources/sources.ts';
