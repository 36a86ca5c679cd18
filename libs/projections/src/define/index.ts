export { typed, type ColumnsFor, type ColumnType } from './column-type.ts';
export { defineTable, type RowOf, type RowWith, type Table } from './table.ts';
