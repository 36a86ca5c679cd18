import type { RestoreRequest } from '@cyborgbackup/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUnmatched, describeSelection, selectionOf } from './selection.ts';

const request: RestoreRequest = {
  item: '',
  items: [],
  patterns: [],
  dest_folder: '/x',
  destination: 'client',
  replace: 'always',
  verify: 'sizes',
  numeric_ids: false,
  dry_run: false,
  database: false,
  allow_unsafe: false,
};

describe('the selection of a restore', () => {
  it.each<[string, Partial<RestoreRequest>, object, string]>([
    ['of nothing is everything', {}, { paths: [], patterns: [] }, 'everything'],
    [
      'has paths as an archive has them',
      { item: '/etc/', items: ['./home//', 'etc'] },
      { paths: ['etc', 'home'] },
      'etc, home',
    ],
    ['keeps blanks and odd bytes', { items: [' a ', 'b\udcff'] }, { paths: [' a ', 'b\udcff'] }, ' a , b\udcff'],
    [
      'that holds the root is everything',
      { item: '/', items: ['etc'], patterns: ['sh:x'] },
      { paths: [], patterns: [] },
      'everything',
    ],
    ['may be patterns alone', { patterns: ['sh:**'] }, { paths: [], patterns: ['sh:**'] }, 'sh:**'],
    [
      'is described in short',
      { items: ['a', 'b', 'c', 'd', 'e'] },
      { paths: ['a', 'b', 'c', 'd', 'e'] },
      'a, b, c and 2 more',
    ],
  ])('a selection %s', (_name, changes, expected, words) => {
    const selection = selectionOf({ ...request, items: [], patterns: [], ...changes });
    expect(selection).toMatchObject(expected);
    expect(describeSelection(selection)).toBe(words);
  });

  it('knows which selected paths the archive does not have', () => {
    const unmatched = createUnmatched({ paths: ['etc', 'etc/hosts', 'home/a', 'home/ab'], patterns: [] });
    for (const path of ['etcetera', 'etc/passwd', 'home/a/b/c']) unmatched.add(path);
    expect(unmatched.left()).toEqual(['etc/hosts', 'home/ab']);
  });

  it('reports no path as missing that the archive has', () => {
    const part = fc.stringMatching(/^[a-c]{1,2}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.nat(4), (parts, depth) => {
        const unmatched = createUnmatched({ paths: [parts.slice(0, depth + 1).join('/')], patterns: [] });
        unmatched.add(parts.join('/'));
        expect(unmatched.left()).toEqual([]);
      }),
    );
  });
});
