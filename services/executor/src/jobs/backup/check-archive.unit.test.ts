import { describe, expect, it } from 'vitest';
import { plausibilityError, type ArchiveComparison } from './check-archive.ts';

const last = { archive: 'yesterday', files: 10, originalSize: 1_000, duration: 1 };
const errorOf = (changes: Partial<ArchiveComparison>): string | undefined =>
  plausibilityError({
    archive: { name: 'today', files: 10, original_size: 1_000 },
    isEmpty: false,
    last,
    shrinkLimit: 80,
    ...changes,
  });
const sized = (original_size: number): Pick<ArchiveComparison, 'archive'> => ({
  archive: { name: 'today', files: 10, original_size },
});

describe('an archive cannot be trusted', () => {
  it('an archive is refused when its source was empty, also the first time', () => {
    expect(errorOf({ isEmpty: true, last: undefined })).toMatch(/was empty/);
  });
  it('an archive is refused when its source shrank by more than the limit', () => {
    expect(errorOf(sized(199))).toMatch(/shrank by 80 %, from .* in yesterday to .*; 80 % are allowed/);
    expect(errorOf(sized(200))).toBeUndefined();
  });
});

it.each([
  ['it grew', sized(5_000)],
  ['it is the first', { ...sized(1), last: undefined }],
  ['the last one was empty', { ...sized(0), last: { ...last, originalSize: 0 } }],
  ['there is no limit', { ...sized(0), isEmpty: true, shrinkLimit: null }],
])('an archive is plausible when %s', (_name, changes: Partial<ArchiveComparison>) => {
  expect(errorOf(changes)).toBeUndefined();
});
