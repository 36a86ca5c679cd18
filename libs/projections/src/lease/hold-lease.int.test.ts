import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createHarness, type Harness } from '../testing/harness.ts';
import { holdLease } from './hold-lease.ts';
import { installCheckpoint } from './checkpoint.ts';
import { acquireLease } from './lease.ts';

const within = { timeout: 15_000, interval: 10 };

describe('holdLease', () => {
  let harness: Harness;
  beforeAll(async () => void (harness = await createHarness()));
  afterAll(() => harness[Symbol.asyncDispose]());

  /** Notes when it works; fails as often as told. */
  const worker = (name: string, failures = 0) => {
    const stopping = new AbortController();
    const { pool, logger } = harness;
    const begun: number[] = [];
    let working = 0;
    const held = holdLease({ pool, name, owner: randomUUID(), logger, signal: stopping.signal }, async (signal) => {
      begun.push(Date.now());
      if (begun.length <= failures) throw new Error('no luck');
      working += 1;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      working -= 1;
    });
    return {
      begun,
      isWorking: () => working > 0,
      stop: () => {
        stopping.abort();
        return held;
      },
    };
  };

  it('work under a lease is done by one process, and by the next soon after that one stopped', async () => {
    const [first, second] = [worker('test_handed-over'), worker('test_handed-over')];
    await vi.waitFor(() => expect(first.isWorking() || second.isWorking()).toBe(true), within);
    const [busy, idle] = first.isWorking() ? [first, second] : [second, first];
    expect(idle.begun).toEqual([]);
    await busy.stop();
    const stopped = Date.now();
    await vi.waitFor(() => expect(idle.isWorking()).toBe(true), within);
    expect(Date.now() - stopped).toBeLessThan(2_500);
    await idle.stop();
    expect([first.begun.length, second.begun.length]).toEqual([1, 1]);
  });

  it('work under a lease is tried again, more and more slowly, after it failed', async () => {
    const unlucky = worker('test_failing', 3);
    await vi.waitFor(() => expect(unlucky.isWorking()).toBe(true), within);
    const [a = 0, b = 0, c = 0, d = 0] = unlucky.begun;
    expect(b - a).toBeGreaterThanOrEqual(95);
    expect(c - b).toBeGreaterThanOrEqual(195);
    expect(d - c).toBeGreaterThanOrEqual(395);
    await unlucky.stop();
  });

  it('work under a lease ends when the lease turns out to be another owner’s, and goes on when that owner is gone', async () => {
    const deposed = worker('test_taken');
    await vi.waitFor(() => expect(deposed.isWorking()).toBe(true), within);
    await acquireLease(harness.pool, { name: 'test_taken', owner: 'usurper', logger: harness.logger, force: true });
    await vi.waitFor(() => expect(deposed.isWorking()).toBe(false), within);
    // The usurper is dead: its lease is not renewed.
    await vi.waitFor(() => expect(deposed.isWorking()).toBe(true), within);
    expect(deposed.begun).toHaveLength(2);
    await deposed.stop();
  });

  it('a lease that ends later than any that is taken now holds nobody up: the clock was set back', async () => {
    const lease = { name: 'test_from_the_future', owner: 'dead' };
    await installCheckpoint(harness.pool, lease.name, 1);
    await acquireLease(harness.pool, { ...lease, logger: harness.logger });
    const setBack = (by: string) =>
      harness.pool.query(
        'update projections.checkpoints set expires_at = clock_timestamp() + $2::interval where name = $1',
        [lease.name, by],
      );
    const warn = vi.spyOn(harness.logger, 'warn');
    const successor = { ...lease, owner: 'successor', logger: harness.logger };
    await setBack('5 seconds');
    expect(await acquireLease(harness.pool, successor)).toBeUndefined();
    await setBack('1 day');
    expect(await acquireLease(harness.pool, successor)).toMatchObject({ fence: 2n });
    expect(warn.mock.calls).toEqual([[{ lease: lease.name, former: 'dead' }, expect.stringContaining('set back')]]);
    warn.mockRestore();
  });
});
