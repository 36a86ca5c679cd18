import { hostKeyStream, type ClientEvent } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type ClientRow } from '@cyborgbackup/read-models';
import { definedFields, firstStamps, nextStamps } from '../shared/row-stamps.ts';

/** Where the pin of its host is. */
const hostKeyOf = ({ hostname, port }: Pick<ClientRow, 'hostname' | 'port'>): Pick<ClientRow, 'host_key_stream'> => ({
  host_key_stream: hostKeyStream(hostname, port),
});

export const clients = defineReadModel<ClientRow, ClientEvent>(inventory.clients, {
  'client-registered': (event, table) => table.put({ ...event.data, ...hostKeyOf(event.data), ...firstStamps(event) }),
  'client-changed': (event, table) =>
    table.update({ uuid: event.data.uuid }, (row) => {
      const changed = { ...row, ...definedFields(event.data), ...nextStamps(event) };
      return { ...changed, ...hostKeyOf(changed) };
    }),
  'client-prepared': (event, table) =>
    table.update(
      { uuid: event.data.uuid },
      { ...definedFields(event.data), mark_as_to_update: false, ...nextStamps(event) },
    ),
  'client-hypervisor-prepared': (event, table) =>
    table.update({ uuid: event.data.uuid }, { ...definedFields(event.data), ...nextStamps(event) }),
  'client-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
});
