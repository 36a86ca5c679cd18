import { hasCode } from '@cyborgbackup/kernel';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimDirectory } from './claim-directory.ts';

let top: string;
let directory: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'cyborgbackup-claim-'));
  // Longer than the address of a socket may be.
  directory = join(top, 'd'.repeat(100), 'server');
});

afterEach(() => rm(top, { recursive: true }));

const claims = (): Promise<PromiseSettledResult<() => Promise<void>>[]> =>
  Promise.allSettled(Array.from({ length: 10 }, () => claimDirectory(directory)));

const expectOneOf = async (settled: Awaited<ReturnType<typeof claims>>): Promise<void> => {
  const [winner, ...others] = settled.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
  expect(others).toEqual([]);
  await expect(claimDirectory(directory)).rejects.toThrow(`is in use by process ${process.pid}; stop it`);
  await expect(claimDirectory(directory)).rejects.toSatisfy((error) => hasCode(error, 'conflict'));
  await winner!();
  expect(await readdir(directory)).toEqual([]);
};

/** Takes a folder, says so, and waits. */
const HOLDER = `
  const { claimDirectory } = await import(${JSON.stringify(import.meta.resolve('./claim-directory.ts'))});
  await claimDirectory(process.argv[1]);
  console.log('taken');
  setInterval(() => undefined, 1_000);
`;
const startHolder = async (): Promise<ReturnType<typeof spawn>> => {
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, directory]);
  expect(String((await once(holder.stdout, 'data'))[0])).toBe('taken\n');
  return holder;
};
const kill = async (holder: ReturnType<typeof spawn>): Promise<void> => {
  holder.kill('SIGKILL');
  await once(holder, 'exit');
};

test('of many concurrent claims of a folder one succeeds, and the next only once the folder is given back', async () => {
  await expectOneOf(await claims());
  await (
    await claimDirectory(directory)
  )();
});

test('a folder is free once its owner was killed, and then one of many gets it', async () => {
  const holder = await startHolder();
  await expect(claimDirectory(directory)).rejects.toThrow(`in use by process ${holder.pid};`);
  await kill(holder);
  await expectOneOf(await claims());
});

test('an owner that is stopped holds its folder', async () => {
  const holder = await startHolder();
  holder.kill('SIGSTOP');
  await expect(claimDirectory(directory)).rejects.toThrow('in use by another process;');
  await kill(holder);
});

test.each([
  ['by cp -a', () => execFileSync('cp', ['-a', directory, join(top, 'copy')])],
  [
    'by a copy of its files',
    () => cp(directory, join(top, 'copy'), { recursive: true, filter: (path) => !path.includes('owner.') }),
  ],
])('a copy of a folder in use is free, if made %s', async (_how, copy) => {
  const release = await claimDirectory(directory);
  await copy();
  await (
    await claimDirectory(join(top, 'copy'))
  )();
  await release();
});

test('a file that is no socket is no owner', async () => {
  await (
    await claimDirectory(directory)
  )();
  await writeFile(join(directory, 'owner.7'), `${process.pid}\n`);
  await (
    await claimDirectory(directory)
  )();
});
