import type { ClientEvent, ClientFields } from '@cyborgbackup/contracts';
import { defineReadModel } from '@cyborgbackup/projections';
import { definedFields, firstStamps, nextStamps, type RowStamps } from '../row-stamps.ts';

export interface ClientRow extends ClientFields, RowStamps {
  readonly uuid: string;
  readonly id: number;
}

export const clients = defineReadModel<ClientRow, ClientEvent>({
  table: 'clients',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
    created_by: 'uuid?',
    modified_by: 'uuid?',
    revision: 'int4',
    hostname: 'text',
    ip: 'text',
    version: 'text',
    ready: 'bool',
    hypervisor_ready: 'bool',
    hypervisor_name: 'text',
    enabled: 'bool',
    port: 'int4',
    bandwidth_limit: 'int4?',
    mark_as_to_update: 'bool',
    behind_firewall: 'bool',
  },
  key: ['uuid'],
  indexes: ['(id)', '(hostname)'],
  on: {
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
  },
});
