import { afterEach, expect, it, vi } from 'vitest';
import { createKeyCache } from './key-cache.ts';

afterEach(() => vi.useRealTimers());

it('forgets the least recently used entry first', () => {
  const cache = createKeyCache<number>(2, 1_000);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
});

it('keeps nothing longer than its time, however often it is used', () => {
  vi.useFakeTimers();
  const cache = createKeyCache<number>(2, 1_000);
  cache.set('a', 1);
  vi.advanceTimersByTime(999);
  expect(cache.get('a')).toBe(1);
  vi.advanceTimersByTime(1);
  expect(cache.get('a')).toBeUndefined();
});
