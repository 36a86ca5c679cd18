import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';
import { pinnedKeySql } from '../../db/host-key.ts';
import { authors, fieldsOf, STAMPS, type ResourceSource } from './list-source.ts';

export type ClientRow = AuthoredRow<RowOf<typeof inventory.clients>, (typeof HIDDEN)[number]> & {
  /** The policies that the client is in; null when there are none. */
  readonly host_key: string | null;
  readonly policies: readonly { readonly id: number; readonly name: string }[] | null;
};

const policies = `(select json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id)
  from inventory.policies p where p.clients @> array[t.id]) as policies`;

const HIDDEN = ['host_key_stream'] as const;

const hostKeySql = (alias: string): string => pinnedKeySql(`${alias}.host_key_stream`);

export const clients: ResourceSource = {
  name: 'clients',
  label: 'Client',
  type: 'client',
  table: inventory.clients.name,
  rows: authoredSource(inventory.clients, { hide: HIDDEN, more: [policies, `${hostKeySql('t')} as host_key`] }),
  fields: {
    ...fieldsOf(inventory.clients, { hide: [...STAMPS, ...HIDDEN] }),
    host_key: { type: 'text', sql: hostKeySql('$') },
  },
  relations: {
    ...authors,
    policies: { target: 'policies', from: 'id', to: 'clients', array: 'to', many: true },
    jobs: { target: 'jobs', from: 'uuid', to: 'client_uuid', many: true },
  },
  search: ['hostname'],
};
