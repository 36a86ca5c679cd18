/**
 * Reading the whole log from its beginning, as a rebuild does, by pages of several sizes; and how long after its append an
 * event reaches a subscription in the same process.
 */
import type { EventStore } from '@cyborgbackup/event-store';
import { sampleEvent, withBenchStore } from './append.ts';
import type { Figures } from './budget.ts';
import { percentile } from './load.ts';

const EVENTS = 100_000;
const EVENTS_PER_STREAM = 100;
const PAGE_SIZES = [500, 1_000, 5_000];
const LATENCY_SAMPLES = 500;

const fill = async (store: EventStore): Promise<void> => {
  const streams = Array.from({ length: EVENTS / EVENTS_PER_STREAM }, (_, number) => `bench-${number}`);
  const events = Array.from({ length: EVENTS_PER_STREAM });
  await Promise.all(
    streams.map((stream) =>
      store.append(
        stream,
        events.map(() => sampleEvent()),
        'none',
      ),
    ),
  );
};

const readRate = async (store: EventStore, pageSize: number): Promise<number> => {
  const start = performance.now();
  let events = 0;
  for await (const page of store.subscribe({ after: 0n, signal: AbortSignal.timeout(60_000), pageSize })) {
    events += page.events.length;
    if (events >= EVENTS) break;
  }
  return Math.round((events / (performance.now() - start)) * 1_000);
};

/** Milliseconds from the call of an append until the subscription hands its event out, in ascending order. */
const latencies = async (store: EventStore): Promise<number[]> => {
  const after = await store.head();
  const measured: number[] = [];
  const append = async (): Promise<number> => {
    const start = performance.now();
    await store.append('bench-latency', [sampleEvent()], 'any');
    return start;
  };
  let appending = append();
  for await (const page of store.subscribe({ after, signal: AbortSignal.timeout(60_000) })) {
    const arrived = performance.now();
    if (page.events.length > 0) measured.push(arrived - (await appending));
    if (measured.length >= LATENCY_SAMPLES) break;
    appending = append();
  }
  return measured.sort((a, b) => a - b);
};

export const run = (): Promise<Figures> =>
  withBenchStore(async (store) => {
    await fill(store);
    const rates: [string, number][] = [];
    for (const size of PAGE_SIZES) rates.push([`page${size}EventsPerSecond`, await readRate(store, size)]);
    const sorted = await latencies(store);
    return {
      ...Object.fromEntries(rates),
      latencyP50Millis: percentile(sorted, 0.5),
      latencyP99Millis: percentile(sorted, 0.99),
    };
  });
