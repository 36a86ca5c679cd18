import type { CatalogEntry } from '@cyborgbackup/contracts';
import { expect, it } from 'vitest';
import { createEntryRecorder, entryBytes } from './entry-recorder.ts';

const entry: CatalogEntry = {
  path: 'etc/hosts',
  mode: '-rw-r--r--',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  type: '-',
  size: 1,
  mtime: 0,
  target: '',
  healthy: true,
};

it('counts long names of users, too', () => {
  expect(entryBytes({ ...entry, owner: 'x'.repeat(1_000) }) - entryBytes(entry)).toBeGreaterThanOrEqual(1_000);
});

it('fails a listing that has more names than one may have, before they are recorded', async () => {
  const calls: unknown[] = [];
  const recorder = createEntryRecorder(
    (_rpc, input) => {
      calls.push(input);
      throw new Error('not to be called');
    },
    { series: 's', listing: 'l' },
    1,
    2 * entryBytes(entry),
  );
  await recorder.add(entry);
  await recorder.add(entry);
  await expect(recorder.add(entry)).rejects.toThrow(/more than \d+ B of new names.*several policies/);
  expect(calls).toEqual([]);
});
