import { SECRET_MASK } from '@cyborgbackup/contracts';
import { pick, presentCommon } from '../../http/core/representation.ts';
import type { RepositoryRow } from './query.ts';

/** The passphrases of a repository, for who may see them. */
export interface ShownKeys {
  readonly repository_key: string | undefined;
  readonly previous_key: string | null | undefined;
}

const masked = ({ previous_key: previous }: RepositoryRow): ShownKeys => ({
  repository_key: SECRET_MASK,
  previous_key: previous === null ? null : SECRET_MASK,
});

export const presentRepository = (row: RepositoryRow, keys = masked(row)): object => ({
  ...presentCommon(row, { type: 'repository', collection: 'repositories' }),
  name: row.name,
  path: row.path,
  ...keys,
  ...pick(row, ['original_size', 'compressed_size', 'deduplicated_size', 'ready', 'enabled', 'uuid']),
  ...pick(row, ['check_schedule', 'integrity_schedule', 'own_key', 'escrowed']),
});
