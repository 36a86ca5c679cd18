import { repositoryFields, type RepositoryFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import type { RowSource } from '../../lists/index.ts';
import type { CommonRow } from '../../http/core/representation.ts';
import type { StoredRow } from '../../http/resource/resource.ts';
import { authorColumns, authorJoins, columnsOf } from '../../db/authored.ts';

export interface RepositoryRow extends StoredRow, CommonRow, Omit<RepositoryFields, 'repository_key'> {
  readonly repository_key: EncryptedValue;
  readonly previous_key: EncryptedValue | null;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  readonly own_key: boolean;
  readonly escrowed: boolean;
}

const sizes = ['original_size', 'compressed_size', 'deduplicated_size'];
const common = ['id', 'uuid', 'created', 'modified', 'revision'];
const columns = [...common, ...Object.keys(repositoryFields.shape), ...sizes, 'own_key', 'previous_key'];

export const repositorySource: RowSource = {
  select: `${columnsOf(columns)}, t.escrow_borg_id <> '' as escrowed, ${authorColumns}`,
  from: `inventory.repositories t ${authorJoins}`,
};
