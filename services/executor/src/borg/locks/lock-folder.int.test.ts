import { localRunner } from '@cyborgbackup/borg';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLockFolder, removeLocks, type LockFolder } from './lock-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-locks-'));
});
afterEach(() => rm(folder, { recursive: true }));

const { signal } = new AbortController();
const look = (): Promise<LockFolder> => readLockFolder(localRunner(), folder, signal);
const remove = (seen: LockFolder): Promise<boolean> => removeLocks(localRunner(), seen, signal);

const DEAD = ['gone \\u00e9\\\\n@1', 4_000_001, 0];
const READER = ['here@1', 4_000_002, 0];
const roster = (...shared: unknown[]): Promise<void> =>
  writeFile(join(folder, 'lock.roster'), JSON.stringify({ shared }));

const lock = async (name: string): Promise<void> => {
  await mkdir(join(folder, 'lock.exclusive'), { recursive: true });
  await writeFile(join(folder, 'lock.exclusive', name), '');
};

it('removes the roster with its last holders', async () => {
  await roster(DEAD);
  await lock('gone@1.4000001-0');
  expect(await remove(await look())).toBe(true);
  expect(await readdir(folder)).toEqual([]);
});

it('keeps the lock of a reader that joined meanwhile', async () => {
  await roster(DEAD);
  const seen = await look();
  await roster(DEAD, READER);
  expect(await remove(seen)).toBe(false);
  expect(await readdir(folder)).toEqual(['lock.roster']);
  expect(JSON.parse(await readFile(join(folder, 'lock.roster'), 'utf8'))).toEqual({ shared: [DEAD, READER] });
  expect((await look()).holders.map(({ pid }) => pid)).toEqual([4_000_001, 4_000_002]);
});

it('keeps a roster that another borg is about to write', async () => {
  await roster(DEAD);
  const seen = await look();
  await lock('here@1.4000002-0');
  expect(await remove(seen)).toBe(false);
  expect((await readdir(folder)).toSorted()).toEqual(['lock.exclusive', 'lock.roster']);
});
