import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, byUser, recorded, sealed, secondOf } from '../testing/recorded.ts';
import { repositories } from './table.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const fields = {
  ...{ name: 'Main', path: '/srv/repo', repository_key: sealed('1'), ready: false, enabled: true },
  ...{ check_schedule: 2, integrity_schedule: null, remote_path: 'borg' },
};
const registered = recorded(1, { type: 'repository-registered', data: { ...fields, uuid, id: 4 } }, byUser(ADA));
const prepared = recorded(2, {
  type: 'repository-prepared',
  data: {
    uuid,
    ready: true,
    borg_id: 'ab',
    encryption: 'repokey',
    initialised: true,
    own_key: true,
    key_installed: false,
  },
});
const sizes = { original_size: 3e12, compressed_size: 2e12, deduplicated_size: 1e12 };
const succeeded = recorded(9, {
  type: 'job-succeeded',
  data: {
    job: ADA,
    attempt: 1,
    warnings: [],
    repository: uuid,
    client: null,
    archive: null,
    repository_sizes: sizes,
    pruned: [],
  },
});
const unseen = {
  ...{ original_size: 0, compressed_size: 0, deduplicated_size: 0 },
  ...{ borg_id: '', encryption: '', own_key: false },
};
const noKeys = { key_proven: false, previous_key: null, public_key: '', escrow_borg_id: '', escrow_key: null };
const row = {
  ...fields,
  host_key_stream: '',
  ...unseen,
  ...noKeys,
  uuid,
  id: 4,
  created: secondOf(1),
  modified: secondOf(1),
  created_by: ADA,
  modified_by: ADA,
  revision: 1,
};

test('shows a new repository without sizes', () => {
  expect(foldEvents(repositories, [registered])).toEqual([row]);
});

test('shows borg’s id of a repository once it was prepared', () => {
  expect(foldEvents(repositories, [registered, prepared])).toEqual([
    {
      ...row,
      ready: true,
      borg_id: 'ab',
      encryption: 'repokey',
      own_key: true,
      key_proven: true,
      modified: secondOf(2),
      revision: 2,
    },
  ]);
});

test('shows that the host does not know a new key pair', () => {
  const data = { uuid, public_key: 'ssh-ed25519 A', private_key: sealed('3') };
  const generated = recorded(3, { type: 'repository-ssh-key-generated', data });
  expect(foldEvents(repositories, [registered, prepared, generated])).toMatchObject([
    { public_key: 'ssh-ed25519 A', own_key: false, ready: true, revision: 3 },
  ]);
});

test('shows that the host does not know the line with another program', () => {
  const named = recorded(3, { type: 'repository-changed', data: { uuid, remote_path: 'borg-1.4', ready: false } });
  expect(foldEvents(repositories, [registered, prepared, named])).toMatchObject([
    { remote_path: 'borg-1.4', own_key: false, ready: false, borg_id: 'ab' },
  ]);
});

test('keeps an escrow copy after the path changed, and lets it in sealed only', () => {
  const escrowed = (key: unknown) =>
    recorded(3, { type: 'repository-key-escrowed', data: { uuid, borg_id: 'ab', key } });
  const moved = recorded(4, { type: 'repository-changed', data: { uuid, path: '/srv/b' } });
  expect(foldEvents(repositories, [registered, prepared, escrowed(sealed('4')), moved])).toMatchObject([
    { escrow_borg_id: 'ab', escrow_key: sealed('4'), borg_id: '', own_key: false },
  ]);
  expect(() => foldEvents(repositories, [registered, escrowed('BORG_KEY')])).toThrow('not sealed');
});

test('takes sizes from a job without a new revision', () => {
  expect(foldEvents(repositories, [registered, succeeded])).toEqual([{ ...row, ...sizes }]);
});

test('names the stream of its host’s pinned key', () => {
  const moved = (version: number, path: string) =>
    recorded(version, { type: 'repository-changed', data: { uuid, path, ready: false } }, byUser(ADA));
  const ssh = moved(2, 'ssh://borg@[2001:DB8::1]:2222/srv/b');
  expect(foldEvents(repositories, [registered, ssh])).toMatchObject([{ host_key_stream: 'host-key-2001:db8::1:2222' }]);
  expect(foldEvents(repositories, [registered, ssh, moved(3, '/srv/b')])).toMatchObject([{ host_key_stream: '' }]);
});

test('clears the sizes when the path changes', () => {
  const moved = recorded(3, { type: 'repository-changed', data: { uuid, path: '/srv/b', ready: false } }, byUser(ADA));
  expect(foldEvents(repositories, [registered, prepared, succeeded, moved])).toEqual([
    { ...row, path: '/srv/b', key_proven: true, modified: secondOf(3), revision: 3 },
  ]);
});

test('replaces the passphrase when it changes, and not when the name does', () => {
  const renamed = recorded(2, { type: 'repository-changed', data: { uuid, name: 'B' } });
  const rekeyed = recorded(3, { type: 'repository-changed', data: { uuid, repository_key: sealed('2') } });
  expect(foldEvents(repositories, [registered, succeeded, renamed])).toMatchObject([
    { name: 'B', repository_key: sealed('1'), ...sizes },
  ]);
  expect(foldEvents(repositories, [registered, rekeyed])).toMatchObject([{ repository_key: sealed('2') }]);
});

test('keeps the last passphrase that opened the repository until another one does', () => {
  const rekeyed = (version: number) =>
    recorded(version, { type: 'repository-changed', data: { uuid, repository_key: sealed(String(version)) } });
  const proven = [registered, prepared];
  expect(foldEvents(repositories, [...proven, rekeyed(3), rekeyed(4)])).toMatchObject([
    { repository_key: sealed('4'), previous_key: sealed('1'), key_proven: false },
  ]);
  const again = { ...prepared, version: 4 };
  expect(foldEvents(repositories, [...proven, rekeyed(3), again, rekeyed(5)])).toMatchObject([
    { repository_key: sealed('5'), previous_key: sealed('3') },
  ]);
  const data = {
    uuid,
    ready: false,
    borg_id: '',
    encryption: '',
    initialised: false,
    own_key: false,
    key_installed: false,
  };
  const failed = recorded(3, { type: 'repository-prepared', data });
  expect(foldEvents(repositories, [registered, rekeyed(2), failed, rekeyed(4)])).toMatchObject([
    { previous_key: sealed('1'), key_proven: false },
  ]);
});

test('removes the row of a removed repository, also when a job ends after that', () => {
  const removed = recorded(2, { type: 'repository-removed', data: { uuid, id: 4 } });
  expect(foldEvents(repositories, [registered, removed, succeeded])).toEqual([]);
});
