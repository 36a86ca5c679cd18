import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRate, secondsToGo } from './progress.ts';

const last = { originalSize: 1_000, duration: 100 };

describe('the time to go', () => {
  it('the time to go is unknown for a first backup', () => {
    expect(secondsToGo({ elapsed: 5, bytes: 10 }, undefined)).toBeNull();
    expect(secondsToGo({ elapsed: 5, bytes: 10 }, { originalSize: 0, duration: 1 })).toBeNull();
  });
  it('the time to go follows the last duration at first, then the pace', () => {
    expect(secondsToGo({ elapsed: 0, bytes: 0 }, last)).toBe(100);
    expect(secondsToGo({ elapsed: 200, bytes: 500 }, last)).toBe(200);
    expect(secondsToGo({ elapsed: 50, bytes: 1_000 }, last)).toBe(0);
    expect(secondsToGo({ elapsed: 50, bytes: 1_001 }, last)).toBeNull();
  });
  it('the rate is never negative', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (elapsed, bytes, originalSize, duration) => {
        expect(secondsToGo({ elapsed, bytes }, { originalSize, duration }) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the rate', () => {
  it('the rate is that of the last seconds', () => {
    const rate = createRate();
    for (let second = 1; second <= 30; second += 1) rate({ elapsed: second, bytes: second * 1_000 });
    for (let second = 31; second <= 40; second += 1) rate({ elapsed: second, bytes: 30_000 + (second - 30) * 10 });
    expect(rate({ elapsed: 41, bytes: 30_110 })).toBeCloseTo(10, 0);
  });
  it('the rate is that since the start when readings are rare', () => {
    expect(createRate()({ elapsed: 50, bytes: 5_000 })).toBe(100);
  });
});
