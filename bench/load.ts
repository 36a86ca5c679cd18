import type { Figures } from './budget.ts';

const WARM_UP_MILLIS = 1_000;

/** Latencies in milliseconds of calls made for `millis` by so many callers, in ascending order. */
const measure = async (call: () => Promise<unknown>, callers: number, millis: number): Promise<number[]> => {
  const latencies: number[] = [];
  const endsAt = performance.now() + millis;
  const caller = async (): Promise<void> => {
    for (let start = performance.now(); start < endsAt; start = performance.now()) {
      await call();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return latencies.sort((a, b) => a - b);
};

/**
 * Throughput and latency of a call, for each number of callers at once, of whom each waits for the answer before its
 * next call.
 */
export const measureLoad = async (
  call: () => Promise<unknown>,
  options: {
    readonly callers: readonly number[];
    readonly millis: number;
    /** Of the figures: `<prefix><callers><unit>PerSecond` and `<prefix><callers>P99Millis`. */
    readonly prefix: string;
    readonly unit: string;
  },
): Promise<Figures> => {
  const figures: Record<string, number> = {};
  for (const callers of options.callers) {
    await measure(call, callers, WARM_UP_MILLIS);
    const latencies = await measure(call, callers, options.millis);
    const name = `${options.prefix}${callers}`;
    figures[`${name}${options.unit}PerSecond`] = Math.round((latencies.length / options.millis) * 1_000);
    figures[`${name}P99Millis`] = percentile(latencies, 0.99);
  }
  return figures;
};

/** Of numbers in ascending order, to two decimals. */
export const percentile = (sorted: readonly number[], share: number): number =>
  Number((sorted[Math.floor(sorted.length * share)] ?? NaN).toFixed(2));

/** Median, 95th percentile and slowest of times in milliseconds, in any order. */
export const percentilesOf = (name: string, times: readonly number[]): Figures => {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(4));
  return { [`${name}P50Millis`]: at(0.5), [`${name}P95Millis`]: at(0.95), [`${name}SlowestMillis`]: at(1) };
};
