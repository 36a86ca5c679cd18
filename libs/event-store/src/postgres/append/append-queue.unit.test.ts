import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { sampleEvent, sampleEvents, sampleStream } from '../../testing/sample-events.ts';
import { toAppendItem, type AppendItem } from './append-batch.ts';
import { createAppendQueue } from './append-queue.ts';

const entry = (item: AppendItem) => ({ item, resolve: () => undefined, reject: () => undefined });
const small = () => entry(toAppendItem(sampleStream(), sampleEvents(1), 'any'));
const large = (megabytes: number) =>
  entry(toAppendItem('s', [sampleEvent('x'.repeat(megabytes * 1024 * 1024))], 'any'));

describe('a batch', () => {
  it('has at most 256 appends', () => {
    const queue = createAppendQueue();
    for (let n = 0; n < 300; n += 1) void queue.add(small());
    expect([queue.takeBatch().length, queue.takeBatch().length, queue.takeBatch().length]).toEqual([256, 44, 0]);
  });

  it('has at most 4 Mi characters, or one append', () => {
    const queue = createAppendQueue();
    for (const megabytes of [6, 1, 1, 3]) void queue.add(large(megabytes));
    expect([queue.takeBatch().length, queue.takeBatch().length, queue.takeBatch().length]).toEqual([1, 2, 1]);
  });

  it('never holds the same append twice', () => {
    const queue = createAppendQueue();
    const twice = small();
    for (const append of [small(), twice, small(), twice]) void queue.add(append);
    expect([queue.takeBatch().length, queue.takeBatch().length]).toEqual([3, 1]);
  });
});

describe('a full queue', () => {
  it('lets more in when a batch has left', async () => {
    const queue = createAppendQueue();
    for (let n = 0; n < 4_096; n += 1) void queue.add(small());
    const waiting = [small(), small()].map((append) => queue.add(append));
    await Promise.resolve();
    expect(queue.size()).toBe(4_096);
    queue.takeBatch();
    await Promise.all(waiting);
    expect(queue.size()).toBe(4_096 - 256 + 2);
  });

  it('is full with few large appends too, and never lets in more than there is room for', async () => {
    const queue = createAppendQueue();
    for (let n = 0; n < 4; n += 1) void queue.add(large(8));
    const waiting = [large(8), large(8)].map((append) => queue.add(append));
    queue.takeBatch();
    await Promise.race(waiting);
    expect(queue.size()).toBe(4);
    queue.takeBatch();
    await Promise.all(waiting);
  });

  it('refuses after five seconds', async () => {
    vi.useFakeTimers();
    const queue = createAppendQueue();
    for (let n = 0; n < 4; n += 1) void queue.add(large(8));
    const refused = expect(queue.add(small())).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
    expect(queue.size()).toBe(4);
    vi.useRealTimers();
  });
});

it('refuses streams, versions and sizes that cannot be', () => {
  for (const stream of ['', 'with blank', 'ü', 'x'.repeat(201)])
    expect(() => toAppendItem(stream, sampleEvents(1), 'any')).toThrow();
  for (const version of [-1, 1.5, NaN, 2 ** 31]) expect(() => toAppendItem('s', sampleEvents(1), version)).toThrow();
  for (const id of ['', 'x', randomUUID().toUpperCase()])
    expect(() => toAppendItem('s', [sampleEvent({}, id)], 'any')).toThrow(/uuid/);
  expect(() => large(17)).toThrow(/at most/);
});
