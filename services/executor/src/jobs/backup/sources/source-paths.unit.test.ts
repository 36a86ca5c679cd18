import type { BorgRunner } from '@cyborgbackup/borg';
import { expect, it } from 'vitest';
import type { JobContext } from '../../../job/job-context.ts';
import type { FileSource } from './backup-source.ts';
import { coveredPaths, findPaths } from './source-paths.ts';

const FLAGS = { oneFileSystem: false, excludeCaches: false };

const on = (device: string, ...paths: readonly string[]) => paths.map((path) => [path, device] as const);

it.each([
  ['neighbours', on('1', '/a', '/ab', '/b'), false, {}],
  ['a folder in another', on('1', '/a/b/c', '/a', '/b'), false, { '/a/b/c': '/a' }],
  ['a folder in the root', on('1', '/', '/etc'), false, { '/etc': '/' }],
  ['three, one in the other', on('1', '/a', '/a/b', '/a/b/c'), false, { '/a/b': '/a', '/a/b/c': '/a/b' }],
  ['a mount, without borders', [...on('1', '/a'), ...on('2', '/a/b')], false, { '/a/b': '/a' }],
  ['a mount, with borders', [...on('1', '/a'), ...on('2', '/a/b', '/a/b/c')], true, { '/a/b/c': '/a/b' }],
  ['the same file system, with borders', on('1', '/a', '/a/b'), true, { '/a/b': '/a' }],
])('of %s, only what another path brings is left out', (_what, seen, oneFileSystem, covered) => {
  expect(Object.fromEntries(coveredPaths(new Map(seen), oneFileSystem))).toEqual(covered);
});

it.each(['../../../../etc/shadow', '/srv/../../../etc/shadow', 'data', '/srv//data', '/srv/data/'])(
  'a client that says a path leads to %s, on no file system, is not followed',
  async (target) => {
    const client: BorgRunner = {
      where: 'root@web:22',
      run: async ({ onStdout }) => {
        await onStdout?.(Buffer.from(`\nthere 1 ${target}\0`));
        return { exitCode: 0 };
      },
    };
    const context = {
      signal: new AbortController().signal,
      output: { write: () => undefined },
    } as unknown as JobContext;
    const source: FileSource = {
      kind: 'files',
      paths: ['/srv/data'],
      needs: 'all',
      exclude: [],
      patterns: [],
      ...FLAGS,
    };
    await expect(findPaths(context, client, source)).rejects.toThrow(/root@web:22 says that \/srv\/data leads to/);
  },
);
