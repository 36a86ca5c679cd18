import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { pinnedKeySql } from '../../db/host-key.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

export type ClientRow = AuthoredRow<RowOf<typeof inventory.clients>> & {
  /** The policies that the client is in; null when there are none. */
  readonly host_key: string | null;
  readonly policies: readonly { readonly id: number; readonly name: string }[] | null;
};

const policies = `(select json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id)
  from inventory.policies p where p.clients @> array[t.id]) as policies`;

/** As `hostKeyStream` makes its name; host names are ASCII, whatever the database's own language is. */
const hostKeySql = (alias: string): string =>
  pinnedKeySql(`'host-key-' || lower(translate(${alias}.hostname, '[]', '') collate "C") || ':' || ${alias}.port`);

export const clients: ResourceSource = {
  name: 'clients',
  label: 'Client',
  type: 'client',
  table: inventory.clients.name,
  rows: authoredSource(inventory.clients, { more: [policies, `${hostKeySql('t')} as host_key`] }),
  fields: {
    ...fieldsOf(inventory.clients, { hide: STAMPS }),
    host_key: { type: 'text', sql: hostKeySql('$') },
  },
  relations: {
    ...authors,
    policies: { target: 'policies', from: 'id', to: 'clients', array: 'to', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'client_uuid', many: true },
  },
  search: ['hostname'],
};
