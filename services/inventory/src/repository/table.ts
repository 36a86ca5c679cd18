import { hostKeyStream, type JobEvent, type RepositoryEvent } from '@cyborgbackup/contracts';
import type { EncryptedValue } from '@cyborgbackup/kernel';
import { defineReadModel } from '@cyborgbackup/projections';
import { inventory, type RepositoryRow } from '@cyborgbackup/read-models';
import { hostAddressOf } from './decider.ts';
import { definedFields, firstStamps, nextStamps, sealedOnly } from '../shared/row-stamps.ts';

/** What is known of a path before its first preparation. */
const UNSEEN = {
  ...{ original_size: 0, compressed_size: 0, deduplicated_size: 0 },
  ...{ borg_id: '', encryption: '', own_key: false },
};
const NO_KEYS = { key_proven: false, previous_key: null, public_key: '', escrow_borg_id: '', escrow_key: null };

/** Where the pin of its host is; empty for a local repository. */
const hostKeyOf = (path: string): Pick<RepositoryRow, 'host_key_stream'> => {
  const address = hostAddressOf(path);
  return { host_key_stream: address ? hostKeyStream(address.host, address.port) : '' };
};

type KeyColumns = Pick<RepositoryRow, 'repository_key' | 'key_proven' | 'previous_key'>;

/** A passphrase that never opened the repository is no loss: it must not replace one that may be the right one. */
const anotherKey = (row: RepositoryRow, key: EncryptedValue): KeyColumns => ({
  repository_key: key,
  key_proven: false,
  previous_key: row.key_proven || row.previous_key === null ? row.repository_key : row.previous_key,
});

export const repositories = defineReadModel<RepositoryRow, RepositoryEvent | JobEvent>(inventory.repositories, {
  'repository-registered': (event, table) => {
    const repository_key = sealedOnly(event.data.repository_key);
    return table.put({
      ...UNSEEN,
      ...NO_KEYS,
      ...event.data,
      ...hostKeyOf(event.data.path),
      repository_key,
      ...firstStamps(event),
    });
  },
  'repository-changed': (event, table) => {
    const { repository_key: key, ...changes } = event.data;
    const moved = changes.path === undefined ? {} : { ...UNSEEN, ...hostKeyOf(changes.path) };
    const served = changes.remote_path === undefined ? {} : { own_key: false };
    const secret = key === undefined ? undefined : sealedOnly(key);
    return table.update({ uuid: changes.uuid }, (row) => ({
      ...row,
      ...definedFields(changes),
      ...moved,
      ...served,
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
});
