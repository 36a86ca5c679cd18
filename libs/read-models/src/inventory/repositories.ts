import type { RepositoryFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineTable, typed, type ColumnsFor, type RowOf } from '@cyborgbackup/projections/define';
import { identity, stamps } from './stamps.ts';

export const repositories = defineTable('inventory.repositories', {
  columns: {
    ...identity,
    ...stamps,
    ...({
      name: 'text',
      path: 'text',
      ready: 'bool',
      enabled: 'bool',
      check_schedule: 'int4?',
      integrity_schedule: 'int4?',
      remote_path: 'text',
    } satisfies ColumnsFor<Omit<RepositoryFields, 'repository_key'>>),
    repository_key: typed<EncryptedValue>('jsonb'),
    /** Whether a preparation opened the repository with this passphrase. */
    key_proven: 'bool',
    /** The passphrase before it: the latest one that was proven, or the first one. Null while there was no other. */
    previous_key: typed<EncryptedValue | null>('jsonb?'),
    /** Stream of its host's pinned key; empty for a local repository. */
    host_key_stream: 'text',
    /** Of all archives together, in bytes, as borg last reported them. */
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    /** Empty until a preparation has opened the repository. */
    borg_id: 'text',
    encryption: 'text',
    /** Whether its host takes the repository's own SSH key. */
    own_key: 'bool',
    /** Of the key pair for this repository alone; empty until one is generated. */
    public_key: 'text',
    /** The output of `borg key export`, and the repository it is of; empty and null while there is no copy. */
    escrow_borg_id: 'text',
    escrow_key: typed<EncryptedValue | null>('jsonb?'),
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)', '(check_schedule)', '(integrity_schedule)'],
});
export type RepositoryRow = RowOf<typeof repositories>;
