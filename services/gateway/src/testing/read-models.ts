import { defineProjection, defineReadModel, type Projection } from '@cyborgbackup/projections';
import type { Table } from '@cyborgbackup/projections/define';
import { catalog, executor, inventory, scheduler } from '@cyborgbackup/read-models';

/** All tables that the gateway reads, without the events that change them: tests insert the rows themselves. */
export const projections: readonly Projection[] = Object.entries({ inventory, scheduler, executor, catalog }).map(
  ([name, tables]) =>
    defineProjection({
      name,
      version: 1,
      models: Object.values<Table>(tables).map((table) => defineReadModel<object, never>(table)),
    }),
);
