import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commonPrefix, matchSeries } from './match-series.ts';

it('finds only archives of the series, and their checkpoints', () => {
  const recorded = ['a', 'b', 'gone', 'lost', 'never-made'].map((name, position) => ({
    name,
    at: 0,
    position,
    good: name === 'a',
  }));
  const names = ['a', 'b', 'lost', 'lost.checkpoint', 'never-made.checkpoint.2', 'a-2', 'other.checkpoint', 'foreign'];
  expect(
    matchSeries(
      recorded,
      names.map((name) => ({ name })),
    ),
  ).toEqual({
    present: [recorded[0], recorded[1], recorded[3]],
    unfinished: ['lost.checkpoint', 'never-made.checkpoint.2'],
  });
});

it('finds the longest prefix that all names have in common', () => {
  expect(commonPrefix([])).toBe('');
  expect(commonPrefix(['rootfs-web-2026-01', 'rootfs-web-2025-12'])).toBe('rootfs-web-202');
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string(), { minLength: 2 }), (shared, ends) => {
      const names = ends.map((end) => shared + end);
      const prefix = commonPrefix(names);
      expect(names.every((name) => name.startsWith(prefix))).toBe(true);
      expect(prefix.length).toBeGreaterThanOrEqual(shared.length);
      const next = new Set(names.map((name) => name[prefix.length]));
      expect(next.size > 1 || next.has(undefined)).toBe(true);
    }),
  );
});
