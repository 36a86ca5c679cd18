import { clientFields, type ClientFields } from '@cyborgbackup/contracts';
import type { RowSource } from '../../lists/index.ts';
import type { CommonRow } from '../../http/core/representation.ts';
import type { StoredRow } from '../../http/resource/resource.ts';
import { authorColumns, authorJoins, columnsOf } from '../../db/authored.ts';

export interface ClientRow extends StoredRow, CommonRow, ClientFields {
  /** The policies that the client is in; null when there are none. */
  readonly policies: readonly { readonly id: number; readonly name: string }[] | null;
}

const columns = ['id', 'uuid', 'created', 'modified', 'revision', ...Object.keys(clientFields.shape)];

const policies = `(select json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id)
  from inventory.policies p where p.clients @> array[t.id]) as policies`;

export const clientSource: RowSource = {
  select: `${columnsOf(columns)}, ${authorColumns}, ${policies}`,
  from: `inventory.clients t ${authorJoins}`,
};
