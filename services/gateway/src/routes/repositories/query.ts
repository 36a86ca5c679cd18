import { repositoryFields, type RepositoryFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import type { RowSource } from '../../list/index.ts';
import type { CommonRow } from '../../http/representation.ts';
import type { StoredRow } from '../../http/resource.ts';
import { authorColumns, authorJoins, columnsOf } from '../../read/authored.ts';

export interface RepositoryRow extends StoredRow, CommonRow, Omit<RepositoryFields, 'repository_key'> {
  readonly repository_key: EncryptedValue;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
}

const sizes = ['original_size', 'compressed_size', 'deduplicated_size'];
const columns = ['id', 'uuid', 'created', 'modified', 'revision', ...Object.keys(repositoryFields.shape), ...sizes];

export const repositorySource: RowSource = {
  select: `${columnsOf(columns)}, ${authorColumns}`,
  from: `inventory.repositories t ${authorJoins}`,
};
