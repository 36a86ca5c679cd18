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

test('of many concurrent claims of a folder one succeeds, and the next only once the folder is given back', async () => {
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
  ['no process', ''],
])('a folder that was claimed by %s can be claimed', async (_, owner) => {
  await (
    await claimDirectory(directory)
  )();
  await writeFile(join(directory, 'owner'), owner);
  await (
    await claimDirectory(directory)
  )();
});

test('a folder whose owner was killed can be claimed, even while the owner is a zombie', async () => {
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
