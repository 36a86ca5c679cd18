import { authors, columns, inventoryFields, type ListSource } from './list-source.ts';

export const clients: ListSource = {
  name: 'clients',
  label: 'Client',
  type: 'client',
  table: 'inventory.clients',
  fields: {
    ...inventoryFields,
    ...columns.text('hostname', 'ip', 'version', 'hypervisor_name'),
    ...columns.bool('ready', 'hypervisor_ready', 'enabled', 'mark_as_to_update', 'behind_firewall'),
    ...columns.int('port', 'bandwidth_limit'),
  },
  relations: {
    ...authors,
    policies: { target: 'policies', from: 'id', to: 'clients', array: 'to', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'client_uuid', many: true },
  },
  search: ['hostname'],
};
