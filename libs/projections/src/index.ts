export { type ColumnFor, type ColumnSpec, type ColumnType } from './column-type.ts';
export { defineProjection, type Projection } from './projection.ts';
export { defineReadModel, type Changes, type EventHandler, type ReadModel, type ReadModelDefinition } from './read-model.ts';
export { type AnyRow, type Change, type Folded, type RowUpdate, type TableChanges } from './table-changes.ts';
