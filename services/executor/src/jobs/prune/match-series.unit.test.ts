import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commonPrefix, matchSeries } from './match-series.ts';

const start = '2026-03-01T04:00:00.000000Z';

it('finds only archives of the series, and their checkpoints', () => {
  const recorded = [
    { name: 'a', at: 1, good: true },
    { name: 'b', at: 2, good: false },
    { name: 'gone', at: 3, good: true },
    { name: 'lost', at: null, good: false },
    { name: 'never-made', at: null, good: false },
  ];
  const names = ['a', 'b', 'lost', 'lost.checkpoint', 'never-made.checkpoint.2', 'a-2', 'other.checkpoint', 'foreign'];
  const listed = names.map((name) => ({ name, start }));
  expect(matchSeries(recorded, listed)).toEqual({
    present: [
      { name: 'a', at: Date.parse(start), good: true },
      { name: 'b', at: Date.parse(start), good: false },
      { name: 'lost', at: Date.parse(start), good: false },
    ],
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
