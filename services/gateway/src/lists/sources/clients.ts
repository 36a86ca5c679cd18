import { inventory } from '@cyborgbackup/read-models';
import { authors, fieldsOf, STAMPS, type ListSource } from './list-source.ts';

export const clients: ListSource = {
  name: 'clients',
  label: 'Client',
  type: 'client',
  table: inventory.clients.name,
  fields: fieldsOf(inventory.clients, { hide: STAMPS }),
  relations: {
    ...authors,
    policies: { target: 'policies', from: 'id', to: 'clients', array: 'to', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'client_uuid', many: true },
  },
  search: ['hostname'],
};
