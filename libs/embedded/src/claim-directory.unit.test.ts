import { hasCode } from '@cyborgbackup/kernel';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimDirectory } from './claim-directory.ts';

let top: string;
let directory: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'cyborgbackup-claim-'));
  directory = join(top, 'server');
});

afterEach(() => rm(top, { recursive: true }));

test('of many who claim a folder at once, one gets it, and the next only once it is given back', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 10 }, () => claimDirectory(directory)));
  const [winner, ...others] = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
  expect(others).toEqual([]);
  await expect(claimDirectory(directory)).rejects.toSatisfy((error) => hasCode(error, 'conflict'));

  await winner!();
  await (
    await claimDirectory(directory)
  )();
  expect(await readdir(directory)).toEqual([]);
});

test.each([
  ['a process that has ended', '4194304 1'],
  ['a process whose id was given out again', `${process.pid} 1`],
  ['nobody', ''],
])('a folder that was left by %s is free', async (_, owner) => {
  await (
    await claimDirectory(directory)
  )();
  await writeFile(join(directory, 'owner'), owner);
  await (
    await claimDirectory(directory)
  )();
});
