import { defineProjection, defineReadModel, type Projection } from '@cyborgbackup/projections';
import type { Table } from '@cyborgbackup/projections/define';
import { catalog, executor, inventory, scheduler } from '@cyborgbackup/read-models';

/** The tables of a projection, without the events that change them: tests insert the rows themselves. */
const projectionOf = (name: string, tables: Readonly<Record<string, Table>>): Projection =>
  defineProjection({ name, version: 1, models: Object.values(tables).map((table) => defineReadModel(table)) });

export const projections: readonly Projection[] = [
  projectionOf('inventory', inventory),
  projectionOf('scheduler', scheduler),
  projectionOf('executor', executor),
  projectionOf('catalog', catalog),
];
