import { runStream } from '@cyborgbackup/contracts';
import { ensureProjection } from '@cyborgbackup/projections';
import { commandDeps } from '@cyborgbackup/service';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import { createLaunchLock } from '../runs/run-deps.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { someDue, someEntry } from '../testing/timetable-fixture.ts';
import { createStage, type Stage } from '../testing/scheduler-stage.ts';
import { checkReplay, leaderIs } from '../testing/stage-checks.ts';
import { processDue, type ProcessDueDeps, type ProcessedDue } from './process-due.ts';
import { occurrenceRun } from './occurrences.ts';

const HOUR = 3_600_000;
const { signal } = new AbortController();

/** Up to when occurrences are processed, by this call or by what it found. */
const reached = ({ until, found }: ProcessedDue): number => found?.until ?? until;

describe('processDue', () => {
  let stage: Stage;
  let deps: Omit<ProcessDueDeps, 'active' | 'clock'>;
  beforeAll(async () => {
    stage = await createStage();
    const { pool, logger, rpc } = stage.deps;
    await ensureProjection(pool, schedulerProjection);
    const commands = commandDeps(stage.deps, 'scheduler');
    deps = {
      pool,
      rpc,
      logger,
      commands,
      waiter: stage.deps.waiter,
      lock: createLaunchLock(pool),
    };
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  it('leaves one run or one skip of each occurrence, however many schedulers believe that they lead', async () => {
    const { policy } = somePolicy(1);
    stage.policies.set(1, { ...somePolicy(1), policy });
    const entry = someEntry({ subject: policy.uuid, missed_runs: 'all' });
    const busy = new Map([[`backup/${policy.uuid}`, new Set(['another run'])]]);
    const first = Math.ceil(Date.now() / HOUR) * HOUR;
    for (let n = 0; n < 20; n += 1) {
      const due = someDue(first + n * HOUR, { entry });
      const process = async (active: ProcessDueDeps['active']): Promise<number> =>
        reached(await processDue({ ...deps, active, clock: { now: () => due.first } }, due, due.first, signal));
      const leaders = [process(busy), process(new Map()), process(busy), process(new Map())];
      expect(new Set(await Promise.all(leaders))).toEqual(new Set([due.first]));
      const events = await stage.eventsOf(runStream(occurrenceRun(entry, due.first)));
      expect(events).toHaveLength(1);
    }
  });

  it('processes an occurrence later that failed now, and those before it once', async () => {
    const { policy } = somePolicy(2);
    const resolved = { ...somePolicy(2), policy };
    const entry = someEntry({ subject: policy.uuid, id: 2, missed_runs: 'all' });
    const first = Math.ceil(Date.now() / HOUR) * HOUR;
    const clock = { now: () => first + 2 * HOUR };
    let calls = 0;
    const call: ProcessDueDeps['rpc']['call'] = (...args) => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error('NATS is away')) : deps.rpc.call(...args);
    };
    stage.policies.set(2, resolved);
    const process = async (from: number): Promise<number> => {
      const due = someDue(from, { entry });
      return reached(await processDue({ ...deps, rpc: { call }, active: new Map(), clock }, due, clock.now(), signal));
    };
    await expect(process(first)).rejects.toThrow('NATS is away');
    // As long as the log has not told of the first one, nothing is done; then the others are processed.
    expect(await process(first)).toBe(first);
    expect(await process(first + HOUR)).toBe(first + 2 * HOUR);
    const events = [0, 1, 2].map((n) => stage.eventsOf(runStream(occurrenceRun(entry, first + n * HOUR))));
    expect(await Promise.all(events)).toMatchObject([
      [{ type: 'run-requested' }],
      [{ type: 'run-requested' }],
      // The one on time is as any other: those that were caught up are in its way.
      [{ type: 'occurrence-skipped', data: { reason: 'The run before it had not ended yet.' } }],
    ]);
  });

  it('leaves the occurrences alone that another leader decided together with one of its own', async () => {
    const { policy } = somePolicy(3);
    stage.policies.set(3, { ...somePolicy(3), policy });
    const first = Math.ceil(Date.now() / HOUR) * HOUR;
    const now = first + 3 * HOUR + 90_000;
    const process = async (missed_runs: 'once' | 'all' | 'skip', from: number): Promise<number> => {
      const entry = someEntry({ subject: policy.uuid, id: 3, missed_runs });
      const due = someDue(from, { entry });
      return reached(await processDue({ ...deps, active: new Map(), clock: { now: () => now } }, due, now, signal));
    };
    expect(await process('skip', first + HOUR)).toBeGreaterThan(first + 3 * HOUR);
    // The log has not told this one yet; it finds what was decided, and how far that goes.
    expect(await process('all', first)).toBeGreaterThan(first + 3 * HOUR);
    expect(await process('once', first)).toBe(first);
    const skipped = await stage.skipped(policy.uuid);
    expect(skipped.map(({ due_at }) => Date.parse(due_at))).toEqual([first + HOUR]);
    const run = (n: number) =>
      stage.eventsOf(runStream(occurrenceRun({ subject: policy.uuid, kind: 'backup' }, first + n * HOUR)));
    expect((await Promise.all([0, 1, 2, 3].map(run))).map((events) => events.map(({ type }) => type))).toEqual([
      ['run-requested'],
      ['occurrence-skipped'],
      [],
      [],
    ]);
  });

  it('leaves one run or one skip of each occurrence while schedulers come and go', async () => {
    let now = Date.now();
    const clock = { now: () => now };
    const policies = [11, 12, 13, 14].map((id) => somePolicy(id, { catalog_enabled: false, auto_prune: false }));
    for (const policy of policies) stage.policies.set(policy.policy.id, policy);
    await stage.registerHourly(policies);
    const gate = Promise.withResolvers<void>();
    // One of them is still busy with the first occurrence when the others come.
    stage.executor.orders.set('Backup Job policy14 host14-1', gate.promise);
    let leader = await stage.startScheduler({ deps: await stage.newDeps('s0'), clock });
    const occurrences: number[] = [];
    for (let n = 1; n <= 4; n += 1) {
      const deps = await stage.newDeps(`s${n}`);
      const next = await stage.startScheduler({ deps, clock });
      now = Math.ceil((now + 1) / HOUR) * HOUR;
      occurrences.push(now);
      // It may be at anything when it is told to stop.
      await new Promise((resolve) => setTimeout(resolve, 350 * (n - 1)));
      await leader.stop();
      await leaderIs(stage, deps.instance);
      leader = next;
    }
    const isDecidedOnce = async (policy: string, due: number): Promise<boolean> => {
      const skipped = await stage.skipped(policy);
      const inRange = skipped.filter(({ due_at, until }) => {
        const from = Date.parse(due_at);
        return until === null ? from === due : from <= due && due < Date.parse(until);
      });
      const run = await stage.eventsOf(runStream(occurrenceRun({ subject: policy, kind: 'backup' }, due)));
      const runs = run.filter(({ type }) => type === 'run-requested').length;
      expect(inRange.length + runs).toBeLessThanOrEqual(1);
      return inRange.length + runs === 1;
    };
    for (const { policy } of policies) {
      for (const due of occurrences) {
        await vi.waitFor(async () => expect(await isDecidedOnce(policy.uuid, due)).toBe(true), { timeout: 20_000 });
      }
    }
    expect(await stage.skipped(policies[3]!.policy.uuid)).not.toEqual([]);
    gate.resolve();
    await checkReplay(stage);
  });
});
