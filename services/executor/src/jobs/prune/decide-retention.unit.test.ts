import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedArchive } from '../../tables/series.ts';
import { decideRetention, type Keep } from './decide-retention.ts';

const NOTHING: Keep = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const at = (time: string, good = true): RecordedArchive => {
  const millis = Date.parse(time);
  return { name: time, at: millis, position: millis, good };
};

/** Times are in no order: clocks may say anything. */
const archives = fc.uniqueArray(
  fc.record({
    name: fc.uuid(),
    at: fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2026, 0, 1) }),
    position: fc.integer({ min: 1, max: 10_000 }),
    good: fc.boolean(),
  }),
  { selector: ({ position }) => position, maxLength: 40 },
);
const count = fc.integer({ min: 0, max: 5 });
const keeps = fc.record({ hourly: count, daily: count, weekly: count, monthly: count, yearly: count });

describe('the rules of retention', () => {
  it('keeps the last archive of each day, from now backwards', () => {
    const series = ['2026-03-01T04:00:00Z', '2026-03-01T16:00:00Z', '2026-03-02T04:00:00Z', '2026-03-03T04:00:00Z'];
    const { kept, removed } = decideRetention(
      series.map((time) => at(time)),
      { ...NOTHING, daily: 2 },
    );
    expect([...kept]).toEqual([
      ['2026-03-03T04:00:00Z', 'daily #1'],
      ['2026-03-02T04:00:00Z', 'daily #2'],
    ]);
    expect(removed).toEqual(['2026-03-01T16:00:00Z', '2026-03-01T04:00:00Z']);
  });

  it('counts weeks as ISO 8601 does: 2027-01-01 is a Friday of the last week of 2026', () => {
    const series = ['2026-12-28T04:00:00Z', '2027-01-01T04:00:00Z', '2027-01-04T04:00:00Z'].map((time) => at(time));
    expect(decideRetention(series, { ...NOTHING, weekly: 2 }).removed).toEqual(['2026-12-28T04:00:00Z']);
  });

  it('keeps yearly archives under the yearly rule', () => {
    const series = ['2024-05-01T00:00:00Z', '2025-05-01T00:00:00Z', '2025-06-01T00:00:00Z', '2026-05-01T00:00:00Z'];
    const { removed } = decideRetention(
      series.map((time) => at(time)),
      { ...NOTHING, yearly: 3 },
    );
    expect(removed).toEqual(['2025-05-01T00:00:00Z']);
  });

  it('keeps everything without a rule', () => {
    fc.assert(
      fc.property(archives, (series) => {
        expect(decideRetention(series, NOTHING).removed).toEqual([]);
      }),
    );
  });
});

describe('archives that are not good', () => {
  const bad = at('2026-03-02T04:00:00Z', false);
  it('archives of failed backups never replace a good archive, and are removed when a newer good one exists', () => {
    const series = [at('2026-03-01T04:00:00Z'), bad, at('2026-03-03T04:00:00Z')];
    expect(decideRetention(series, { ...NOTHING, daily: 2 }).removed).toEqual([bad.name]);
  });
  it('archives of failed backups stay while no good archive is newer', () => {
    const { kept, removed } = decideRetention([at('2026-03-01T04:00:00Z'), bad], { ...NOTHING, daily: 1 });
    expect(removed).toEqual([]);
    expect([...kept.keys()]).toEqual(['2026-03-01T04:00:00Z', bad.name]);
  });
});

describe('every retention decision', () => {
  it('keeps the good archive that was begun last, whatever the clocks say', () => {
    fc.assert(
      fc.property(archives, keeps, (series, keep) => {
        const newest = series.filter(({ good }) => good).toSorted((a, b) => b.position - a.position)[0];
        const { removed } = decideRetention(series, keep);
        if (newest) expect(removed).not.toContain(newest.name);
        else expect(removed).toEqual([]);
      }),
    );
  });
  it('either keeps or removes each archive, and removes nothing good in a second round', () => {
    fc.assert(
      fc.property(archives, keeps, (series, keep) => {
        const { kept, removed } = decideRetention(series, keep);
        expect([...kept.keys(), ...removed].toSorted()).toEqual(series.map(({ name }) => name).toSorted());
        const rest = series.filter(({ name }) => kept.has(name));
        expect(decideRetention(rest, keep).removed).toEqual([]);
      }),
    );
  });
  it('does not depend on the order of the archives', () => {
    fc.assert(
      fc.property(archives, keeps, (series, keep) => {
        expect(decideRetention(series.toReversed(), keep)).toEqual(decideRetention(series, keep));
      }),
    );
  });
});
