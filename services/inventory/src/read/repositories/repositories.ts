import type { JobEvent, RepositoryEvent, RepositoryFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel } from '@cyborgbackup/projections';
import { definedFields, firstStamps, nextStamps, sealedOnly, type RowStamps } from '../row-stamps.ts';

export interface RepositoryRow extends Omit<RepositoryFields, 'repository_key'>, RowStamps {
  readonly uuid: string;
  readonly id: number;
  readonly repository_key: EncryptedValue;
  /** Of all archives together, in bytes, as borg last reported them. */
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  /** Empty until a preparation has opened the repository. */
  readonly borg_id: string;
  readonly encryption: string;
}

/** What is known of a place nobody has looked at yet. */
const UNSEEN = { original_size: 0, compressed_size: 0, deduplicated_size: 0, borg_id: '', encryption: '' };

export const repositories = defineReadModel<RepositoryRow, RepositoryEvent | JobEvent>({
  table: 'repositories',
  columns: {
    uuid: 'uuid',
    id: 'int4',
    created: 'timestamptz',
    modified: 'timestamptz',
    created_by: 'uuid?',
    modified_by: 'uuid?',
    revision: 'int4',
    name: 'text',
    path: 'text',
    repository_key: 'jsonb',
    ready: 'bool',
    enabled: 'bool',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    borg_id: 'text',
    encryption: 'text',
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)'],
  on: {
    'repository-registered': (event, table) => {
      const repository_key = sealedOnly(event.data.repository_key);
      return table.put({ ...UNSEEN, ...event.data, repository_key, ...firstStamps(event) });
    },
    'repository-changed': (event, table) => {
      const { repository_key: key, ...changes } = event.data;
      const moved = changes.path === undefined ? {} : UNSEEN;
      const secret = key === undefined ? {} : { repository_key: sealedOnly(key) };
      return table.update(
        { uuid: changes.uuid },
        { ...definedFields(changes), ...moved, ...secret, ...nextStamps(event) },
      );
    },
    'repository-prepared': (event, table) => {
      const { uuid, ready, borg_id, encryption } = event.data;
      return table.update({ uuid }, { ready, borg_id, encryption, ...nextStamps(event) });
    },
    'repository-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
    // Nobody changed the repository: neither its time nor its revision moves.
    'job-succeeded': ({ data: { repository, repository_sizes: sizes } }, table) =>
      repository !== null && sizes !== null ? table.update({ uuid: repository }, sizes) : [],
  },
});
