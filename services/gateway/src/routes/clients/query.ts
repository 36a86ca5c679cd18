import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';

export type ClientRow = AuthoredRow<RowOf<typeof inventory.clients>> & {
  /** The policies that the client is in; null when there are none. */
  readonly policies: readonly { readonly id: number; readonly name: string }[] | null;
};

const policies = `(select json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id)
  from inventory.policies p where p.clients @> array[t.id]) as policies`;

export const clientSource: RowSource = authoredSource(inventory.clients, { more: [policies] });
