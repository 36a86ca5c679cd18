import type { ArchiveEntry } from '@cyborgbackup/borg';
import { describe, expect, it } from 'vitest';
import { decideReplacement, entryProblem } from './compare-entry.ts';
import type { PathFacts } from './file-facts.ts';

const entry: ArchiveEntry = {
  unsafe: '',
  type: '-',
  mode: '-rw-r--r--',
  user: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  path: 'a',
  size: 10,
  mtime: '2026-01-01T00:00:00.900000Z',
  linkTarget: '',
  healthy: true,
};
const SECOND = Date.UTC(2026, 0, 1) / 1000;
const found: PathFacts = { type: 'file', size: 10, mtime: SECOND };

describe('the decision on a file to restore', () => {
  it.each([
    ['that meets nothing', undefined, ['write', 'write', 'write', 'write']],
    ['that meets the same', found, ['replace', 'skip', 'skip', 'skip']],
    ['that meets an older one', { ...found, mtime: SECOND - 1 }, ['replace', 'replace', 'skip', 'keep-both']],
    ['that meets a younger one', { ...found, mtime: SECOND + 1 }, ['replace', 'skip', 'skip', 'keep-both']],
    ['that meets another size', { ...found, size: 9 }, ['replace', 'skip', 'skip', 'keep-both']],
    ['that meets a link', { ...found, type: 'link' as const, mtime: 0 }, ['replace', 'replace', 'skip', 'keep-both']],
    ['that meets a folder', { ...found, type: 'folder' as const, mtime: 0 }, ['replace', 'skip', 'skip', 'keep-both']],
  ])('is right for each policy for one %s', (_name, there, expected) => {
    const policies = ['always', 'newer', 'never', 'keep-both'] as const;
    expect(policies.map((policy) => decideReplacement(policy, entry, there))).toEqual(expected);
  });
});

describe('a restored file', () => {
  it.each<[string, Partial<ArchiveEntry>, PathFacts | undefined, RegExp]>([
    ['is as it was', {}, found, /^$/],
    ['is missing', {}, undefined, /not there/],
    ['has another size', {}, { ...found, size: 9 }, /9 bytes, not 10/],
    ['has another time', {}, { ...found, mtime: SECOND + 1 }, /another time/],
    ['is something else', {}, { ...found, type: 'link' }, /a link, not a file/],
    ['was damaged in the repository', { healthy: false }, found, /missing in the repository/],
    ['is a further hard link, of which borg knows no size', { mode: 'hrw-r--r--', size: 0 }, found, /^$/],
    ['is a folder, whose time changes with what is in it', { type: 'd' }, { type: 'folder', size: 1, mtime: 1 }, /^$/],
    ['is a device', { type: 'c' }, { type: 'other', size: 0, mtime: 1 }, /^$/],
  ])('is compared with its entry when it %s', (_name, changes, there, problem) => {
    expect(entryProblem({ ...entry, ...changes }, there)).toMatch(problem);
  });
});
