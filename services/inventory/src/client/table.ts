import type { ClientEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type ClientRow } from '@cyborgbackup/read-models';
import { definedFields, firstStamps, nextStamps } from '../shared/row-stamps.ts';

export const clients = defineReadModel<ClientRow, ClientEvent>(inventory.clients, {
  'client-registered': (event, table) => table.put({ ...event.data, ...firstStamps(event) }),
  'client-changed': (event, table) =>
    table.update({ uuid: event.data.uuid }, { ...definedFields(event.data), ...nextStamps(event) }),
  'client-prepared': (event, table) =>
    table.update(
      { uuid: event.data.uuid },
      { ...definedFields(event.data), mark_as_to_update: false, ...nextStamps(event) },
    ),
  'client-hypervisor-prepared': (event, table) =>
    table.update({ uuid: event.data.uuid }, { ...definedFields(event.data), ...nextStamps(event) }),
  'client-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
});
