import { defineProjection, defineReadModel, type Projection } from '@cyborgbackup/projections';
import type { Table } from '@cyborgbackup/projections/define';
import { catalog, executor, inventory, scheduler } from '@cyborgbackup/read-models';

/** All tables that the gateway reads, with nobody who fills them. */
export const projections: readonly Projection[] = Object.entries({ inventory, scheduler, executor, catalog }).map(
  ([name, tables]) =>
    defineProjection({
      name,
      version: 1,
      models: Object.values<Table>(tables).map((table) => defineReadModel<object, never>(table)),
    }),
);
