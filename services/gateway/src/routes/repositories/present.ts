import { SECRET_MASK } from '@cyborgbackup/contracts';
import { pick, presentCommon } from '../../http/representation.ts';
import type { RepositoryRow } from './query.ts';

/** @param key the passphrase, for who may see it */
export const presentRepository = (row: RepositoryRow, key = SECRET_MASK): object => ({
  ...presentCommon(row, { type: 'repository', collection: 'repositories' }),
  name: row.name,
  path: row.path,
  repository_key: key,
  ...pick(row, ['original_size', 'compressed_size', 'deduplicated_size', 'ready', 'enabled', 'uuid']),
  ...pick(row, ['check_schedule', 'integrity_schedule', 'own_key', 'escrowed']),
});
