import type { JobEvent, RepositoryEvent, RepositoryFields } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel } from '@cyborgbackup/projections';
import { definedFields, firstStamps, nextStamps, sealedOnly, type RowStamps } from '../row-stamps.ts';

export interface RepositoryRow extends Omit<RepositoryFields, 'repository_key'>, RowStamps {
  readonly uuid: string;
  readonly id: number;
  readonly repository_key: EncryptedValue;
  /** Whether a preparation opened the repository with this passphrase. */
  readonly key_proven: boolean;
  /** The passphrase before it: the latest one that was proven, or the first one. Null while there was no other. */
  readonly previous_key: EncryptedValue | null;
  /** Of all archives together, in bytes, as borg last reported them. */
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  /** Empty until a preparation has opened the repository. */
  readonly borg_id: string;
  readonly encryption: string;
  /** Whether its host takes the repository's own SSH key. */
  readonly own_key: boolean;
  /** Of the key pair for this repository alone; empty for one that was registered before there were any. */
  readonly public_key: string;
  /** What `borg key export` told, and of which repository; empty and null while there is no copy. */
  readonly escrow_borg_id: string;
  readonly escrow_key: EncryptedValue | null;
}

/** What is known of a place nobody has looked at yet. */
const UNSEEN = {
  ...{ original_size: 0, compressed_size: 0, deduplicated_size: 0 },
  ...{ borg_id: '', encryption: '', own_key: false },
};
const NO_KEYS = { key_proven: false, previous_key: null, public_key: '', escrow_borg_id: '', escrow_key: null };

type KeyColumns = Pick<RepositoryRow, 'repository_key' | 'key_proven' | 'previous_key'>;

/** A passphrase that was never proven is no loss: it must not take the place of one that may be the right one. */
const anotherKey = (row: RepositoryRow, key: EncryptedValue): KeyColumns => ({
  repository_key: key,
  key_proven: false,
  previous_key: row.key_proven || row.previous_key === null ? row.repository_key : row.previous_key,
});

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
    key_proven: 'bool',
    previous_key: 'jsonb?',
    ready: 'bool',
    enabled: 'bool',
    check_schedule: 'int4?',
    integrity_schedule: 'int4?',
    original_size: 'safeint',
    compressed_size: 'safeint',
    deduplicated_size: 'safeint',
    borg_id: 'text',
    encryption: 'text',
    own_key: 'bool',
    public_key: 'text',
    escrow_borg_id: 'text',
    escrow_key: 'jsonb?',
  },
  key: ['uuid'],
  indexes: ['(id)', '(name)', '(check_schedule)', '(integrity_schedule)'],
  on: {
    'repository-registered': (event, table) => {
      const repository_key = sealedOnly(event.data.repository_key);
      return table.put({ ...UNSEEN, ...NO_KEYS, ...event.data, repository_key, ...firstStamps(event) });
    },
    'repository-changed': (event, table) => {
      const { repository_key: key, ...changes } = event.data;
      const moved = changes.path === undefined ? {} : UNSEEN;
      const secret = key === undefined ? undefined : sealedOnly(key);
      return table.update({ uuid: changes.uuid }, (row) => ({
        ...row,
        ...definedFields(changes),
        ...moved,
        ...(secret && anotherKey(row, secret)),
        ...nextStamps(event),
      }));
    },
    'repository-prepared': (event, table) => {
      const { uuid, ready, borg_id, encryption, own_key } = event.data;
      return table.update({ uuid }, (row) => ({
        ...row,
        ...{ ready, borg_id, encryption, own_key },
        key_proven: ready || row.key_proven,
        ...nextStamps(event),
      }));
    },
    'repository-ssh-key-generated': (event, table) => {
      const { uuid, public_key } = event.data;
      return table.update({ uuid }, { public_key, own_key: false, ...nextStamps(event) });
    },
    'repository-key-escrowed': (event, table) => {
      const { uuid, borg_id: escrow_borg_id, key } = event.data;
      return table.update({ uuid }, { escrow_borg_id, escrow_key: sealedOnly(key), ...nextStamps(event) });
    },
    'repository-removed': ({ data }, table) => table.remove({ uuid: data.uuid }),
    // Nobody changed the repository: neither its time nor its revision moves.
    'job-succeeded': ({ data: { repository, repository_sizes: sizes } }, table) =>
      repository !== null && sizes !== null ? table.update({ uuid: repository }, sizes) : [],
  },
});
