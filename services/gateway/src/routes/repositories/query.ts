import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';

const HIDDEN = ['key_proven', 'borg_id', 'encryption', 'public_key', 'escrow_borg_id', 'escrow_key'] as const;

export type RepositoryRow = AuthoredRow<RowOf<typeof inventory.repositories>, (typeof HIDDEN)[number]> & {
  readonly escrowed: boolean;
};

export const repositorySource: RowSource = authoredSource(inventory.repositories, {
  hide: HIDDEN,
  more: ["t.escrow_borg_id <> '' as escrowed"],
});
