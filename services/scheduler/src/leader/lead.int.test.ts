import { clocksOf } from '@cyborgbackup/database';
import { hasCode, systemClock } from '@cyborgbackup/kernel';
import { createJobQueue } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection } from '@cyborgbackup/projections';
import { commandDeps } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';
import { createLaunchLock } from '../runs/run-deps.ts';
import { startManualRun } from '../runs/launch.ts';
import { createStage, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkGrants, checkReplay } from '../testing/stage-checks.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { lead } from './lead.ts';
import type { LeaderDeps } from './leader.ts';

describe('lead', () => {
  let stage: Stage;
  let deps: LeaderDeps;
  const stopping = new AbortController();
  let projecting: Promise<void>;

  beforeAll(async () => {
    stage = await createStage();
    const { deps: serviceDeps } = stage;
    const { pool, store, logger, connection, rpc } = serviceDeps;
    await ensureProjection(pool, schedulerProjection);
    const { signal } = stopping;
    projecting = runProjection({ ...serviceDeps, projection: schedulerProjection, owner: 'test', signal });
    deps = {
      pool,
      store,
      rpc,
      logger,
      clock: systemClock,
      clocks: clocksOf(pool),
      commands: commandDeps(serviceDeps, 'scheduler'),
      waiter: serviceDeps.waiter,
      lock: createLaunchLock(pool),
      jobQueue: await createJobQueue({ connection, logger }),
      maxRunning: 0,
      pauseMillis: 5,
    };
  });
  afterAll(async () => {
    stopping.abort();
    await projecting;
    await stage?.[Symbol.asyncDispose]();
  });

  /** Dies at the nth of the moments before and after each write, and writes nothing from then on. */
  const mortal = (fatal: number): LeaderDeps & { readonly died: Promise<void>; readonly isDead: () => boolean } => {
    let moments = 0;
    const death = Promise.withResolvers<void>();
    const live = (): void => {
      moments += 1;
      if (moments < fatal) return;
      death.resolve();
      throw new Error('killed');
    };
    const around = async <T>(write: () => Promise<T>): Promise<T> => {
      live();
      const result = await write();
      live();
      return result;
    };
    const { jobQueue } = deps;
    const store: LeaderDeps['store'] = {
      ...deps.store,
      append: (stream, events, expected) => around(() => deps.store.append(stream, events, expected)),
    };
    return {
      ...deps,
      store,
      commands: { ...deps.commands, store },
      jobQueue: { ...jobQueue, publish: (message, options) => around(() => jobQueue.publish(message, options)) },
      died: death.promise,
      isDead: () => moments >= fatal,
    };
  };

  const startLeader = (
    own: LeaderDeps,
  ): { readonly ended: Promise<unknown>; readonly stop: () => Promise<unknown> } => {
    const ending = new AbortController();
    const ended = lead(own, ending.signal).catch((error: unknown) => error);
    return {
      ended,
      stop: () => {
        ending.abort();
        return ended;
      },
    };
  };

  const grantsReleased = (): Promise<void> =>
    vi.waitFor(async () => {
      const { rowCount } = await stage.deps.pool.query('select from scheduler.grants');
      expect(rowCount).toBe(0);
    }, within);

  let lastId = 0;

  interface Story {
    /** The options of a policy of which a backup fails; where there are two clients, that of the other pauses once. */
    readonly policy: (id: number) => ResolvedPolicy;
    readonly statuses: readonly string[];
  }
  const clients: Story = {
    policy: (id) => {
      stage.executor.orders.set(`Backup Job policy${id} host${id}-1`, 'No such folder.');
      stage.executor.orders.set(`Backup Job policy${id} host${id}-2`, { attempts: 1, pauseMillis: 1 });
      return somePolicy(id, { clientCount: 2, auto_prune: false });
    },
    statuses: ['successful', 'failed', 'canceled', 'successful', 'successful'],
  };
  const machines: Story = {
    policy: (id) => {
      stage.executor.orders.set(`Find Machines policy${id} host${id}-1`, [
        { id: '1', name: 'one' },
        { id: '2', name: 'two' },
      ]);
      stage.executor.orders.set(`Backup Job policy${id} host${id}-1/one`, 'No such machine.');
      const policy = somePolicy(id, { auto_prune: false });
      return { ...policy, policy: { ...policy.policy, policy_type: 'vm' } };
    },
    statuses: ['successful', 'successful', 'successful', 'failed', 'canceled', 'successful', 'successful'],
  };

  it.each<[string, 'lagging' | 'caught up', Story]>([
    ['clients', 'lagging', clients],
    ['clients', 'caught up', clients],
    ['machines', 'lagging', machines],
    ['machines', 'caught up', machines],
  ])(
    'may die between any two steps of a run of %s: the next leader ends the run, with tables that are %s',
    async (_what, tables, story) => {
      let fatal = 1;
      for (let survived = false; !survived; fatal += 1) {
        const id = (lastId += 1);
        const policy = story.policy(id);
        stage.policies.set(id, { ...policy, repository: { ...policy.repository, ready: false } });
        const own = mortal(fatal);
        const first = startLeader(own);
        const run = randomUUID();
        await startManualRun(deps, { policy: id, run, extra_vars: null });
        const done = stage.waitForStatuses(run, story.statuses).then(grantsReleased);
        // Either it dies, or it brings the run to its end.
        await Promise.race([own.died, done]);
        survived = !own.isDead();
        await first.stop();
        // The next one finds the tables lagging behind the log, or with all of it in them.
        if (tables === 'caught up') await deps.waiter.waitForProjections([schedulerProjection.name], 'head', 5_000);
        const next = startLeader(deps);
        await done;
        await next.stop();
      }
      expect(fatal).toBeGreaterThan(20);
      await checkGrants(stage);
      await checkReplay(stage);
    },
  );

  it('steps down when it finds that another scheduler grants jobs too', async () => {
    const policy = somePolicy(1_000, { clientCount: 3 });
    stage.policies.set(1_000, policy);
    const leaders = [startLeader(deps), startLeader(deps)];
    const run = randomUUID();
    await startManualRun(deps, { policy: 1_000, run, extra_vars: null });
    const first = await Promise.race(leaders.map(({ ended }) => ended));
    expect(hasCode(first, 'version-conflict')).toBe(true);
    await Promise.all(leaders.map(({ stop }) => stop()));
    const last = startLeader(deps);
    await stage.waitForStatuses(run, Array<string>(9).fill('successful'));
    await last.stop();
    await checkGrants(stage);
  });

  it('does not publish jobs again that are in the job queue', async () => {
    const gate = Promise.withResolvers<void>();
    const ids = Array.from({ length: 10 }, (_, n) => 3_000 + n);
    for (const id of ids) {
      stage.policies.set(id, somePolicy(id, { catalog_enabled: false, auto_prune: false }));
      stage.executor.orders.set(`Backup Job policy${id} host${id}-1`, gate.promise);
    }
    const runs = ids.map(() => randomUUID());
    const first = startLeader(deps);
    for (const [index, run] of runs.entries())
      await startManualRun(deps, { policy: ids[index]!, run, extra_vars: null });
    // The executor has room for eight; two jobs stay in the queue.
    await vi.waitFor(async () => expect((await deps.jobQueue.listQueued()).size).toBe(10), within);
    for (const [index, run] of runs.entries()) await stage.waitForStatuses(run, [index < 8 ? 'running' : 'pending']);
    await first.stop();
    const published = vi.fn(deps.jobQueue.publish);
    const next = startLeader({ ...deps, jobQueue: { ...deps.jobQueue, publish: published } });
    stage.policies.set(4_000, somePolicy(4_000, { catalog_enabled: false, auto_prune: false }));
    const last = randomUUID();
    await startManualRun(deps, { policy: 4_000, run: last, extra_vars: null });
    await vi.waitFor(() => expect(published).toHaveBeenCalled(), within);
    gate.resolve();
    for (const run of [...runs, last]) await stage.waitForStatuses(run, ['successful']);
    expect(published.mock.calls.map(([{ run }]) => run)).toEqual([last]);
    await vi.waitFor(async () => expect((await deps.jobQueue.listQueued()).size).toBe(0), within);
    await next.stop();
  });

  it('publishes jobs again that the job queue lost, running or not', async () => {
    const gate = Promise.withResolvers<void>();
    const ids = Array.from({ length: 9 }, (_, n) => 5_000 + n);
    for (const id of ids) {
      stage.policies.set(id, somePolicy(id, { catalog_enabled: false, auto_prune: false }));
      stage.executor.orders.set(`Backup Job policy${id} host${id}-1`, gate.promise);
    }
    const published = vi.fn(deps.jobQueue.publish);
    const jobQueue = { ...deps.jobQueue, publish: published };
    const leader = startLeader({ ...deps, jobQueue, republishMillis: 50 });
    const runs = ids.map(() => randomUUID());
    for (const [index, run] of runs.entries())
      await startManualRun(deps, { policy: ids[index]!, run, extra_vars: null });
    for (const [index, run] of runs.entries()) await stage.waitForStatuses(run, [index < 8 ? 'running' : 'pending']);
    // While nothing is lost, nothing is handed out twice.
    expect(published.mock.calls.map(([{ run }]) => run)).toEqual(runs);
    await stage.deps.connection.nats.request('$JS.API.STREAM.DELETE.JOBS', '');
    published.mockClear();
    await vi.waitFor(() => {
      expect(new Set(published.mock.calls.map(([{ run }]) => run))).toEqual(new Set(runs));
    }, within);
    gate.resolve();
    for (const run of runs) await stage.waitForStatuses(run, ['successful']);
    await leader.stop();
    await checkGrants(stage);
  });

  it('keeps to the limit of running jobs, and shares it fairly between policies', async () => {
    const policies = [2_001, 2_002].map((id) =>
      somePolicy(id, { clientCount: 2, catalog_enabled: false, auto_prune: false }),
    );
    const gates = new Map<string, () => void>();
    for (const policy of policies) {
      stage.policies.set(policy.policy.id, { ...policy, clients: policy.clients.map((c) => ({ ...c, ready: false })) });
      for (const { hostname } of policy.clients) {
        const gate = Promise.withResolvers<void>();
        stage.executor.orders.set(`Prepare Client ${hostname}`, gate.promise);
        gates.set(`Prepare Client ${hostname}`, gate.resolve);
      }
    }
    const runs = [randomUUID(), randomUUID()];
    for (const [index, run] of runs.entries())
      await startManualRun(deps, { policy: 2_001 + index, run, extra_vars: null });
    for (const run of runs) await stage.waitForStatuses(run, ['pending', 'waiting', 'pending', 'waiting']);
    stage.executor.started.length = 0;
    const leader = startLeader({ ...deps, maxRunning: 2 });
    await vi.waitFor(() => expect(stage.executor.started).toHaveLength(2), within);
    expect([...stage.executor.started].sort()).toEqual(['Prepare Client host2001-1', 'Prepare Client host2002-1']);
    for (const open of gates.values()) open();
    for (const run of runs) await stage.waitForStatuses(run, Array<string>(4).fill('successful'));
    await leader.stop();
    await checkGrants(stage);
  });
});
