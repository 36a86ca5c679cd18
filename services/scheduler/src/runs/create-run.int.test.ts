import { runStream, type RunRequested } from '@cyborgbackup/contracts';
import { commandDeps } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createStage, createTestClock, within, type Stage } from '../testing/scheduler-stage.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { draftLaunch } from './planning/draft-launch.ts';
import type { ResolvedPolicy } from './planning/draft-jobs.ts';
import { startScheduledRun } from '../timetable/start-scheduled-run.ts';
import { createLaunchLock } from './run-deps.ts';
import { startManualRun } from './launch.ts';
import type { RunPlan } from './planning/plan-run.ts';
import { createRun, type LaunchAnswer } from './create-run.ts';
import type { RunDeps } from './run-deps.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await createStage();
  await stage.startScheduler();
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const clock = createTestClock();
const depsOf = (store = stage.deps.store): RunDeps => {
  const { pool, rpc, waiter } = stage.deps;
  const commands = { ...commandDeps(stage.deps, 'scheduler'), store };
  return { pool, rpc, waiter, clock, commands, lock: createLaunchLock(pool) };
};

const planOf = (resolved: ResolvedPolicy): RunPlan => {
  const run = randomUUID();
  const drafts = draftLaunch({ run, resolved, launchType: 'scheduled' });
  return { run, resolved, extraVars: null, dueAt: new Date(clock.now()).toISOString(), drafts };
};

const claims = async (): Promise<number> => {
  const { rows } = await stage.deps.pool.query<{ count: number }>(
    `select count(*)::int4 as count from events.events where type = 'claim-taken'`,
  );
  return rows[0]!.count;
};

it('claims the same archive names when a run is tried again later', async () => {
  const plan = planOf(somePolicy(1, { clientCount: 3 }));
  const { store } = stage.deps;
  const broken = Object.create(store) as typeof store;
  broken.append = (stream, ...rest) =>
    stream === runStream(plan.run) ? Promise.reject(new Error('The disk is full')) : store.append(stream, ...rest);
  const begun = clock.now();
  await expect(createRun(depsOf(broken), plan)).rejects.toThrow('The disk is full');
  const claimed = await claims();
  clock.set(begun + 3_600_000);
  const { run } = await createRun(depsOf(), plan);
  expect(await claims()).toBe(claimed);
  const time = new Date(begun).toISOString().slice(0, 16).replace('T', '_').replace(':', '-');
  const archives = run.jobs.filter(({ job_type }) => job_type === 'job').map(({ archive_name }) => archive_name);
  expect(archives).toEqual([1, 2, 3].map((n) => `folders-host1-${n}-${time}`));
});

/** Some clients with names so long that their jobs are more than one event holds. */
const hugePolicy = (id: number): ResolvedPolicy => {
  const policy = somePolicy(id, { clientCount: 30 });
  const clients = policy.clients.map((client) => ({ ...client, hostname: client.hostname.padEnd(100_000, 'x') }));
  return { ...policy, clients };
};

it('refuses a run that is too large for one event, before any name is claimed', async () => {
  const plan = planOf(hugePolicy(2));
  const claimed = await claims();
  await expect(createRun(depsOf(), plan)).rejects.toMatchObject({
    code: 'conflict',
    message: 'The policy "policy2" has too many clients for one run (30, with 90 jobs): split it into several.',
  });
  expect(await claims()).toBe(claimed);
});

it('gives the reason for which the occurrence of a policy that is too large is skipped', async () => {
  const policy = hugePolicy(3);
  stage.policies.set(3, policy);
  const { uuid: subject, id } = policy.policy;
  const occurrence = { kind: 'backup', subject, id, run: randomUUID(), dueAt: new Date().toISOString() } as const;
  const reason = await startScheduledRun(depsOf(), { ...occurrence, schedule: { id: 1, name: 'nightly' } });
  expect(reason).toContain('split it into several');
});

it('holds up no other launch while it claims its names, and claims none for one that is refused', async () => {
  const [big, other] = [somePolicy(5, { clientCount: 2 }), somePolicy(6)];
  for (const policy of [big, other]) stage.policies.set(policy.policy.id, policy);
  const { pool, store } = stage.deps;
  const running = Promise.withResolvers<void>();
  stage.executor.orders.set('Backup Job policy5 host5-1', running.promise);
  const claiming = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const slow = Object.create(store) as typeof store;
  slow.append = async (stream, ...rest) => {
    if (stream.startsWith('claim-archive-')) {
      claiming.resolve();
      await gate.promise;
    }
    return store.append(stream, ...rest);
  };
  const lock = createLaunchLock(pool);
  const launchOf = (policy: number, from = store): Promise<LaunchAnswer> =>
    startManualRun({ ...depsOf(from), lock }, { policy, run: randomUUID(), extra_vars: null });
  const first = launchOf(5, slow);
  await claiming.promise;
  const second = launchOf(5);
  await launchOf(6);
  gate.resolve();
  await first;
  const claimed = await claims();
  await expect(second).rejects.toMatchObject({ code: 'conflict' });
  expect(await claims()).toBe(claimed);
  running.resolve();
});

it('appends the largest run that it does not refuse', async () => {
  const policy = hugePolicy(4);
  // 6 names of 100,000 characters for each client.
  const plan = planOf({ ...policy, clients: policy.clients.slice(0, 27) });
  const { run } = await createRun(depsOf(), plan);
  expect(run.jobs).toHaveLength(81);
  await vi.waitFor(async () => expect(await stage.jobs(plan.run)).toHaveLength(81), within);
  const [event] = await stage.eventsOf(runStream(plan.run));
  expect((event!.data as RunRequested).jobs).toEqual(run.jobs);
});
