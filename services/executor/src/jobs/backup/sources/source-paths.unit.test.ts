import { expect, it } from 'vitest';
import { coveredPaths } from './source-paths.ts';

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
