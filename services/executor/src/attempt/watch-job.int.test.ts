import { jobStream } from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JobStopped, type StopReason } from '../job/job-failure.ts';
import { startWire, type Wire } from '../testing/wire.ts';
import { watchJob, type Watch } from './watch-job.ts';

let site: TestDeps;
beforeAll(async () => {
  site = await startTestDeps();
});
afterAll(() => site[Symbol.asyncDispose]());

const append = async (job: string, ...events: DomainEvent[]): Promise<void> => {
  const { codec, store } = site.deps;
  const context = systemContext('test');
  const encoded = await Promise.all(
    events.map((event, index) => codec.encode(event, { id: eventId(randomUUID(), job, index), context })),
  );
  await store.append(jobStream(job), encoded, 'any');
};

const started = (job: string, run: string, attempt: number): DomainEvent => ({
  type: 'job-started',
  data: { job, run, attempt, executor: `executor ${attempt}` },
});
const takeOver = (job: string): Promise<void> =>
  append(
    job,
    { type: 'job-attempt-lost', data: { job, attempt: 1, reason: 'not heard of', transport: false, pause: null } },
    started(job, randomUUID(), 2),
  );

interface Watched extends AsyncDisposable {
  readonly job: string;
  readonly database: Wire;
  readonly nats: Wire;
  readonly watch: Watch;
  readonly stops: readonly StopReason[];
}

/** The first attempt of a job, watched over wires. */
const watched = async (): Promise<Watched> => {
  const job = randomUUID();
  await append(job, started(job, randomUUID(), 1));
  const [database, nats] = await Promise.all([startWire(site.databaseUrl), startWire(site.nats.url)]);
  const deps = await site.connect(job, { databaseUrl: database.url, natsUrl: nats.url });
  const [ended, stops] = [new AbortController(), new Array<StopReason>()];
  const watch = watchJob(deps, job, {
    attempt: 1,
    signal: ended.signal,
    wake: () => new Promise(() => undefined),
    stop: (reason) => stops.push(reason),
  });
  await watch.assertOwnership(ended.signal);
  return {
    job,
    database,
    nats,
    watch,
    stops,
    [Symbol.asyncDispose]: async () => {
      ended.abort();
      await watch.over;
      for (const wire of [database, nats]) wire.mend();
      await deps.close();
      await Promise.all([database, nats].map((wire) => wire[Symbol.asyncDispose]()));
    },
  };
};

const never = new AbortController().signal;
const refused = (proof: Promise<void>): Promise<boolean> =>
  proof.then(
    () => false,
    (error: unknown) => error instanceof JobStopped,
  );

describe.concurrent('an attempt', () => {
  it('stops after ten seconds without PostgreSQL and NATS, although no query returns', async () => {
    await using it = await watched();
    const cut = Date.now();
    it.database.cut();
    it.nats.cut();
    const proof = refused(it.watch.assertOwnership(never));
    await vi.waitUntil(() => it.stops.length > 0, 30_000);
    expect(it.stops[0]).toBe('cut-off');
    expect(Date.now() - cut).toBeGreaterThan(6_000);
    expect([await proof, await refused(it.watch.assertOwnership(never))]).toEqual([true, true]);
  });

  it('continues while only PostgreSQL is away, and cannot assert its ownership until it is back', async () => {
    await using it = await watched();
    it.database.cut();
    let isProven = false;
    const proof = it.watch.assertOwnership(never).then(() => (isProven = true));
    // Longer than it would go on without NATS.
    await sleep(14_000);
    expect(it.stops).toEqual([]);
    expect(isProven).toBe(false);
    it.database.mend();
    await proof;
  });

  it('cannot assert its ownership after it was taken over while PostgreSQL was away', async () => {
    await using it = await watched();
    it.database.cut();
    const proof = refused(it.watch.assertOwnership(never));
    await takeOver(it.job);
    it.database.mend();
    expect(await proof).toBe(true);
    expect(it.stops).toContain('taken-over');
  });

  it('still owns its job after a cancel request', async () => {
    await using it = await watched();
    await append(it.job, { type: 'job-cancel-requested', data: { job: it.job } });
    await vi.waitUntil(() => it.stops.includes('canceled'), 10_000);
    await it.watch.assertOwnership(never);
    expect(await refused(it.watch.assertOwnership(AbortSignal.abort()))).toBe(true);
  });
});
