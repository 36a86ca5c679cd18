export { withStatementTimeout, type ListDatabase } from './list-database.ts';
export { parseListQuery, type ListQuery, type Parameter } from './list-query.ts';
export { listRows, type ListPage, type ListRowsOptions, type RowSource } from './list-rows.ts';
export type { ListSource } from './list-source.ts';
export { renderPage, type PageEnvelope } from './render-page.ts';
export { sources } from './sources/sources.ts';
