import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

export type ClientRow = AuthoredRow<RowOf<typeof inventory.clients>> & {
  /** The policies that the client is in; null when there are none. */
  readonly policies: readonly { readonly id: number; readonly name: string }[] | null;
};

const policies = `(select json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id)
  from inventory.policies p where p.clients @> array[t.id]) as policies`;

export const clients: ResourceSource = {
  name: 'clients',
  label: 'Client',
  type: 'client',
  table: inventory.clients.name,
  rows: authoredSource(inventory.clients, { more: [policies] }),
  fields: fieldsOf(inventory.clients, { hide: STAMPS }),
  relations: {
    ...authors,
    policies: { target: 'policies', from: 'id', to: 'clients', array: 'to', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'client_uuid', many: true },
  },
  search: ['hostname'],
};
