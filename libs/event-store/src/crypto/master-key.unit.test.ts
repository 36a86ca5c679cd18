import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deriveKey, loadMasterKey } from './master-key.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'master-key-'));
});
afterEach(() => rm(folder, { recursive: true }));

const validation = { code: 'validation' };

it('takes the value before the file', async () => {
  const key = randomBytes(32);
  expect(await loadMasterKey({ value: key.toString('base64'), file: join(folder, 'none') })).toEqual(key);
});

it.each([
  '',
  'short',
  randomBytes(31).toString('base64'),
  `${randomBytes(32).toString('base64')}AAAA`,
  `*${randomBytes(32).toString('base64')}`,
])('refuses %j', async (value) => {
  await expect(loadMasterKey({ value })).rejects.toMatchObject(validation);
});

it('refuses to start without a key, and makes no file unless allowed', async () => {
  await expect(loadMasterKey({})).rejects.toMatchObject(validation);
  await expect(loadMasterKey({ file: join(folder, 'key') })).rejects.toMatchObject(validation);
  expect(await readdir(folder)).toEqual([]);
});

it('makes one file for its owner only, however many processes begin at once', async () => {
  const file = join(folder, 'key');
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey({ file, create: true })));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['key']);
  expect(await loadMasterKey({ file })).toEqual(keys[0]);
});

it('does not replace a damaged file', async () => {
  const file = join(folder, 'key');
  await writeFile(file, 'damaged');
  await expect(loadMasterKey({ file, create: true })).rejects.toMatchObject(validation);
});

it('derives another key for each purpose', () => {
  const key = randomBytes(32);
  expect(deriveKey(key, 'a')).toEqual(deriveKey(key, 'a'));
  expect(deriveKey(key, 'a')).not.toEqual(deriveKey(key, 'b'));
});
