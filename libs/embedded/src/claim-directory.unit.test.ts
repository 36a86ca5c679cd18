import { hasCode } from '@cyborgbackup/kernel';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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

test('a folder whose owner was killed is free, also while nobody has asked how it ended', async () => {
  // The shell becomes a sleep, which never asks after the child it has then.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [pid] = String((await once(parent.stdout, 'data'))[0]).split('\n');
  const stat = (): Promise<string[]> => readFile(`/proc/${pid}/stat`, 'utf8').then((text) => text.split(' '));
  await vi.waitFor(async () => expect((await stat())[2]).toBe('Z'));
  await (
    await claimDirectory(directory)
  )();
  await writeFile(join(directory, 'owner'), `${pid} ${(await stat())[21]}`);
  await (
    await claimDirectory(directory)
  )();
  parent.kill();
  await once(parent, 'exit');
});
