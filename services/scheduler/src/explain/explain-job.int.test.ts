import { jobStream, schedulerCommands } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lost } from '../testing/job-events.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { createStage, jobNamed, type Stage } from '../testing/scheduler-stage.ts';

describe('explainJob', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage();
    await stage.startScheduler();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const explain = ({ uuid: job }: Pick<JobRow, 'uuid'>) =>
    stage.deps.rpc.call(schedulerCommands.explain.subject, { job }, { schema: schedulerCommands.explain.output });

  const launch = async (policy: number): Promise<string> => {
    const run = randomUUID();
    const { subject, output } = schedulerCommands.launch;
    await stage.deps.rpc.call(subject, { policy, run, extra_vars: null }, { schema: output });
    return run;
  };

  it('counts the jobs ahead for a repository, and names the job that uses it', async () => {
    const short = { catalog_enabled: false, auto_prune: false };
    const one = somePolicy(1, { ...short, clientCount: 3 });
    const two = { ...somePolicy(2, { auto_prune: false, clientCount: 2 }), repository: one.repository };
    // Its client is busy though its repository is free; no job is ahead of it.
    const three = { ...somePolicy(3, short), clients: one.clients.slice(0, 1) };
    for (const policy of [one, two, three]) stage.policies.set(policy.policy.id, policy);
    const gate = Promise.withResolvers<void>();
    const runningName = 'Backup Job policy1 host1-1';
    stage.executor.orders.set(runningName, gate.promise);
    const first = await launch(1);
    await stage.waitForStatuses(first, ['running', 'pending', 'pending']);
    const second = await launch(2);
    await stage.waitForStatuses(second, ['pending', 'waiting', 'pending', 'waiting']);
    const third = await launch(3);
    await stage.waitForStatuses(third, ['pending']);

    const [running, , last] = await stage.jobs(first);
    const others = await stage.jobs(second);
    const inUse = `Its repository is used by "${runningName}".`;
    const blocked_by = [{ id: running!.id, uuid: running!.uuid, name: running!.name }];
    expect(await explain(running!)).toMatchObject({ state: 'running', blocked_by: [], ahead: 0 });
    expect(await explain(jobNamed(others, 'Backup Job policy2 host2-1'))).toEqual({
      state: 'pending',
      reason: inUse,
      blocked_by,
      ahead: 0,
    });
    // The first policy holds a grant already, so the other one goes first.
    expect(await explain(last!)).toEqual({
      state: 'pending',
      reason: `${inUse} Jobs ahead of it: 3 (2 of other policies, which take turns).`,
      blocked_by,
      ahead: 3,
    });
    expect(await explain(jobNamed(others, 'Catalog Job policy2 host2-2'))).toMatchObject({
      state: 'waiting',
      reason: 'It needs "Backup Job policy2 host2-2" to succeed.',
      blocked_by: [{ uuid: jobNamed(others, 'Backup Job policy2 host2-2').uuid }],
    });
    const [elsewhere] = await stage.jobs(third);
    expect(await explain(elsewhere!)).toEqual({
      state: 'pending',
      reason: `Its client is used by "${runningName}".`,
      blocked_by,
      ahead: 0,
    });

    gate.resolve();
    await stage.waitForStatuses(first, Array<string>(3).fill('successful'));
    expect(await explain(running!)).toMatchObject({ state: 'ended', reason: 'It has ended.' });
    await expect(explain({ uuid: randomUUID() })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('counts the jobs ahead for a client when the job needs no repository', async () => {
    const policies = [4, 5].map((id) => somePolicy(id, { catalog_enabled: false, auto_prune: false }));
    const client = { ...policies[0]!.clients[0]!, ready: false };
    for (const one of policies) {
      // One of them mounts the client, so each prepares it in its own way.
      const policy = { ...one.policy, mode_pull: one.policy.id === 5 };
      stage.policies.set(policy.id, { ...one, policy, clients: [client] });
    }
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set(`Prepare Client ${client.hostname}`, gate.promise);
    const first = await launch(4);
    await stage.waitForStatuses(first, ['running', 'waiting']);
    const second = await launch(5);
    await stage.waitForStatuses(second, ['pending', 'waiting']);
    const [check] = await stage.jobs(second);
    expect(await explain(check!)).toMatchObject({
      state: 'pending',
      reason: `Its client is used by "Prepare Client ${client.hostname}".`,
      ahead: 0,
    });
    const { subject, output } = schedulerCommands.cancel;
    await stage.deps.rpc.call(subject, { job: (await stage.jobs(second))[1]!.uuid }, { schema: output });
    await stage.waitForStatuses(second, ['pending', 'canceled']);
    expect(await explain(check!)).toMatchObject({
      reason: `No job needs it any more, so all others go first. Its client is used by "Prepare Client ${client.hostname}".`,
    });
    gate.resolve();
    await stage.waitForStatuses(second, ['successful', 'canceled']);
  });
});

it('lets another job run while one pauses before its next attempt, and says when that is', async () => {
  await using stage = await createStage();
  await stage.startScheduler({ maxRunning: 1 });
  const gate = Promise.withResolvers<void>();
  const jobs: JobRow[] = [];
  const { subject, output } = schedulerCommands.explain;
  const explain = (n: number) => stage.deps.rpc.call(subject, { job: jobs[n]!.uuid }, { schema: output });
  for (const id of [1, 2, 3]) {
    const policy = somePolicy(id, { catalog_enabled: false, auto_prune: false });
    stage.policies.set(id, policy);
    stage.executor.orders.set(`Backup Job policy${id} host${id}-1`, gate.promise);
    const run = randomUUID();
    await stage.deps.rpc.call(
      schedulerCommands.launch.subject,
      { policy: id, run, extra_vars: null },
      { schema: schedulerCommands.launch.output },
    );
    await stage.waitForStatuses(run, [id === 1 ? 'running' : 'pending']);
    jobs.push(...(await stage.jobs(run)));
  }
  const full = 'All 1 jobs that may run at once do (CYBORGBACKUP_MAX_RUNNING_JOBS).';
  expect(await explain(1)).toMatchObject({ state: 'pending', reason: full });
  const pause = { until: '2050-01-02T03:04:05.000Z', grant: 1 };
  await stage.append(jobStream(jobs[0]!.uuid), lost(jobs[0]!.uuid, 'The host is off.', pause));
  await stage.waitForStatuses(jobs[1]!.run, ['running']);
  expect(await explain(0)).toMatchObject({
    state: 'pausing',
    reason: expect.stringContaining('lost: The host is off. It is tried again at 2050-01-02 03:04:05 UTC;'),
  });
  expect(await explain(2)).toMatchObject({ state: 'pending', reason: full });
  gate.resolve();
});
