import { CANCEL_SIGNAL, HOLDER_SUBJECT, schedulerCommands } from '@cyborgbackup/contracts';
import { createSignals } from '@cyborgbackup/messaging';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createStage, jobNamed, plannedNamed, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkGrants, checkReplay } from '../testing/stage-checks.ts';
import { planOf } from '../testing/fake-executor.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import type { ResolvedPolicy } from './planning/draft-jobs.ts';

describe('a launch', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage();
    await stage.startScheduler();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const call = <Name extends keyof typeof schedulerCommands>(
    name: Name,
    input: z.input<(typeof schedulerCommands)[Name]['input']>,
  ): Promise<z.output<(typeof schedulerCommands)[Name]['output']>> => {
    const { subject, output } = schedulerCommands[name];
    return stage.deps.rpc.call(subject, input, { schema: output }) as never;
  };
  const launch = (policy: number, run: string = randomUUID()) => call('launch', { policy, run, extra_vars: null });

  let nextId = 1;
  const addPolicy = (options: Parameters<typeof somePolicy>[1] = {}): ResolvedPolicy => {
    const policy = somePolicy((nextId += 1), options);
    stage.policies.set(policy.policy.id, policy);
    return policy;
  };

  it('launches the whole chain of all clients, prepared first, one job at a time', async () => {
    const policy = addPolicy({ clientCount: 2 });
    const { id } = policy.policy;
    stage.policies.set(id, {
      ...policy,
      repository: { ...policy.repository, ready: false },
      clients: [{ ...policy.clients[0]!, ready: false }, policy.clients[1]!],
    });
    const run = randomUUID();
    const { job } = await launch(id, run);
    await stage.waitForStatuses(run, Array<string>(8).fill('successful'));
    const jobs = await stage.jobs(run);
    const [one, two] = [`host${id}-1`, `host${id}-2`];
    expect(jobs.map(({ name }) => name)).toEqual([
      `Prepare Repository repository${id}`,
      `Prepare Client ${one}`,
      `Backup Job policy${id} ${one}`,
      `Catalog Job policy${id} ${one}`,
      `Prune Job policy${id} ${one}`,
      `Backup Job policy${id} ${two}`,
      `Catalog Job policy${id} ${two}`,
      `Prune Job policy${id} ${two}`,
    ]);
    const backup = jobNamed(jobs, `Backup Job policy${id} ${one}`);
    expect(backup.id).toBe(job);
    const catalog = jobNamed(jobs, `Catalog Job policy${id} ${one}`);
    expect(catalog.archive_name).toBe(backup.archive_name);
    expect(backup.archive_name).toMatch(new RegExp(`^folders-${one}-\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d$`));
    const order = new Map(stage.executor.started.map((name, index) => [name, index]));
    for (const { name, needs } of jobs) {
      for (const need of needs) {
        const before = jobs.find(({ uuid }) => uuid === need)!.name;
        expect(order.get(before), `${before} before ${name}`).toBeLessThan(order.get(name)!);
      }
    }
    await checkGrants(stage);
    await checkReplay(stage);
  });

  it('fails the backup for the reason its preparation failed, and skips what follows', async () => {
    const policy = addPolicy();
    const { id } = policy.policy;
    stage.policies.set(id, { ...policy, repository: { ...policy.repository, ready: false } });
    stage.executor.orders.set(`Prepare Repository repository${id}`, 'The passphrase is wrong.');
    const run = randomUUID();
    await launch(id, run);
    await stage.waitForStatuses(run, ['failed', 'failed', 'canceled', 'canceled']);
    expect((await stage.jobs(run)).map(({ job_explanation }) => job_explanation)).toEqual([
      'The passphrase is wrong.',
      `"Prepare Repository repository${id}" failed: The passphrase is wrong.`,
      `Skipped: "Backup Job policy${id} host${id}-1" failed.`,
      `Skipped: "Backup Job policy${id} host${id}-1" failed.`,
    ]);
  });

  it('answers a launch that comes again as the first time', async () => {
    const { policy } = addPolicy();
    const run = randomUUID();
    const answers = await Promise.all([1, 2, 3].map(() => launch(policy.id, run)));
    expect(new Set(answers.map(({ job }) => job)).size).toBe(1);
    await stage.waitForStatuses(run, ['successful', 'successful', 'successful']);
    expect(await launch(policy.id, run)).toEqual(answers[0]);
    expect(await stage.jobs(run)).toHaveLength(3);
  });

  it('lets one of several launches at the same moment win, and refuses the next until that has ended', async () => {
    const { policy } = addPolicy();
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set(`Backup Job policy${policy.id} host${policy.id}-1`, gate.promise);
    const runs = Array.from({ length: 10 }, () => randomUUID());
    const results = await Promise.allSettled(runs.map((run) => launch(policy.id, run)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const busy = { code: 'conflict', message: 'Backup job already running for theses clients.' };
    await expect(launch(policy.id)).rejects.toMatchObject(busy);
    gate.resolve();
    const winner = runs[results.findIndex(({ status }) => status === 'fulfilled')]!;
    await stage.waitForStatuses(winner, ['successful', 'successful', 'successful']);
    const next = randomUUID();
    await launch(policy.id, next);
    await stage.waitForStatuses(next, ['successful', 'successful', 'successful']);
    const [first] = await stage.jobs(winner);
    const [second] = await stage.jobs(next);
    expect(second?.archive_name).not.toBe(first?.archive_name);
  });

  it.each<[string, (policy: ResolvedPolicy) => ResolvedPolicy, string]>([
    ['policy', (p) => ({ ...p, policy: { ...p.policy, enabled: false } }), 'The policy "policy'],
    ['repository', (p) => ({ ...p, repository: { ...p.repository, enabled: false } }), 'The repository "repository'],
    ['schedule', (p) => ({ ...p, schedule: { ...p.schedule, enabled: false } }), 'The schedule "nightly" is disabled'],
    ['client', (p) => ({ ...p, clients: p.clients.map((c) => ({ ...c, enabled: false })) }), 'has no enabled client'],
  ])('is refused when the %s is disabled', async (_what, change, message) => {
    const policy = addPolicy();
    stage.policies.set(policy.policy.id, change(policy));
    await expect(launch(policy.policy.id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(message),
    });
  });

  it('cancels a waiting job at once, and skips what follows', async () => {
    const { policy } = addPolicy({ clientCount: 2 });
    const gate = Promise.withResolvers<void>();
    const [one, two] = [`host${policy.id}-1`, `host${policy.id}-2`];
    stage.executor.orders.set(`Backup Job policy${policy.id} ${one}`, gate.promise);
    const run = randomUUID();
    await launch(policy.id, run);
    await stage.waitForStatuses(run, ['running', 'waiting', 'waiting', 'pending', 'waiting', 'waiting']);
    const waiting = plannedNamed(await planOf(stage.deps, run), `Backup Job policy${policy.id} ${two}`);
    expect(await call('explain', { job: waiting.uuid })).toMatchObject({
      state: 'pending',
      reason: `Its repository is used by "Backup Job policy${policy.id} ${one}".`,
    });
    const { position } = await call('cancel', { job: waiting.uuid });
    expect(position).toMatch(/^\d+$/);
    await stage.waitForStatuses(run, ['running', 'waiting', 'waiting', 'canceled', 'canceled', 'canceled']);
    await expect(call('cancel', { job: waiting.uuid })).rejects.toMatchObject({ code: 'conflict' });
    gate.resolve();
    await stage.waitForStatuses(run, ['successful', 'successful', 'successful', 'canceled', 'canceled', 'canceled']);
    expect(await call('explain', { job: waiting.uuid })).toMatchObject({ state: 'ended' });
  });

  it('asks the executor to cancel a job that runs', async () => {
    const { policy } = addPolicy({ catalog_enabled: false, auto_prune: false });
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set(`Backup Job policy${policy.id} host${policy.id}-1`, gate.promise);
    const heard: string[] = [];
    const stop = createSignals(stage.deps.connection).subscribe(
      CANCEL_SIGNAL,
      z.object({ job: z.uuid() }),
      ({ job }) => void heard.push(job),
    );
    const run = randomUUID();
    await launch(policy.id, run);
    await stage.waitForStatuses(run, ['running']);
    const [{ uuid } = { uuid: '' }] = await stage.jobs(run);
    expect((await call('cancel', { job: uuid })).position).toMatch(/^\d+$/);
    expect((await call('cancel', { job: uuid })).position).toBeNull();
    await vi.waitFor(() => expect(heard).toEqual([uuid, uuid]), within);
    await vi.waitFor(async () => expect((await stage.jobs(run))[0]?.cancel_requested).toBe(true), within);
    gate.resolve();
    await stage.waitForStatuses(run, ['successful']);
    stop();
  });

  it('relaunches one job with what that needs', async () => {
    const policy = addPolicy();
    const { id } = policy.policy;
    const backupName = `Backup Job policy${id} host${id}-1`;
    stage.executor.orders.set(backupName, 'The folder /etc does not exist.');
    const run = randomUUID();
    await launch(id, run);
    await stage.waitForStatuses(run, ['failed', 'canceled', 'canceled']);
    stage.executor.orders.delete(backupName);
    const [backup, catalog] = await stage.jobs(run);

    const again = randomUUID();
    const answer = await call('relaunch', { job: backup!.uuid, run: again });
    expect(await call('relaunch', { job: backup!.uuid, run: again })).toEqual(answer);
    await stage.waitForStatuses(again, ['successful']);
    const [second] = await stage.jobs(again);
    expect(second).toMatchObject({ id: answer.job, name: backupName, launch_type: 'relaunch', job_type: 'job' });
    expect(second?.archive_name).not.toBe(backup?.archive_name);

    const listed = randomUUID();
    await call('relaunch', { job: catalog!.uuid, run: listed });
    await stage.waitForStatuses(listed, ['successful', 'successful']);
    const jobs = await stage.jobs(listed);
    expect(jobs.map(({ job_type, launch_type }) => [job_type, launch_type])).toEqual([
      ['job', 'dependency'],
      ['catalog', 'relaunch'],
    ]);
    expect(jobs[1]).toMatchObject({ master_job: jobs[0]!.id, archive_name: jobs[0]!.archive_name });

    const listedAgain = randomUUID();
    await call('relaunch', { job: jobs[1]!.uuid, run: listedAgain });
    await stage.waitForStatuses(listedAgain, ['successful']);
    expect((await stage.jobs(listedAgain))[0]).toMatchObject({
      job_type: 'catalog',
      master_job: jobs[0]!.id,
      archive_name: jobs[0]!.archive_name,
    });
    stage.policies.delete(id);
    await expect(call('relaunch', { job: backup!.uuid, run: randomUUID() })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(call('relaunch', { job: randomUUID(), run: randomUUID() })).rejects.toMatchObject({
      code: 'not-found',
    });
    await checkGrants(stage);
    await checkReplay(stage);
  });

  it('checks a repository, one check at a time, and relaunches the check', async () => {
    const { policy, repository } = addPolicy();
    stage.repositories.set(policy.id, repository);
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set(`Check Repository ${repository.name}`, gate.promise);
    const check = (verify_data: boolean, run: string) =>
      call('checkRepository', { repository: policy.id, run, verify_data });
    const run = randomUUID();
    const answer = await check(false, run);
    expect(await check(false, run)).toEqual(answer);
    await expect(check(true, randomUUID())).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('has not ended yet'),
    });
    await stage.waitForStatuses(run, ['running']);
    gate.resolve();
    await stage.waitForStatuses(run, ['successful']);
    const [job] = await stage.jobs(run);
    expect(job).toMatchObject({
      id: answer.job,
      task: 'archives',
      job_type: 'check',
      launch_type: 'manual',
      policy: null,
    });
    const again = randomUUID();
    await call('relaunch', { job: job!.uuid, run: again });
    await stage.waitForStatuses(again, ['successful']);
    expect((await stage.jobs(again))[0]).toMatchObject({ name: job!.name, launch_type: 'relaunch', job_type: 'check' });
    const verified = randomUUID();
    await check(true, verified);
    await stage.waitForStatuses(verified, ['successful']);
    expect((await stage.jobs(verified))[0]).toMatchObject({ name: `Integrity Job ${repository.name}` });
  });

  it.each<[string, Partial<ResolvedPolicy['repository']>, string]>([
    ['disabled', { enabled: false }, 'is disabled'],
    ['not prepared', { ready: false }, 'has not been prepared yet'],
  ])('does not check a repository that is %s', async (_what, changes, message) => {
    const { policy, repository } = addPolicy();
    stage.repositories.set(policy.id, { ...repository, ...changes });
    const check = call('checkRepository', { repository: policy.id, run: randomUUID(), verify_data: false });
    await expect(check).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(message) });
  });

  it('drills a policy’s latest archives, and relaunches one of the drills', async () => {
    const policy = addPolicy({ clientCount: 2, catalog_enabled: false, auto_prune: false });
    const { id } = policy.policy;
    await expect(call('drill', { policy: id, run: randomUUID() })).rejects.toMatchObject({ code: 'conflict' });
    const backup = randomUUID();
    await launch(id, backup);
    await stage.waitForStatuses(backup, ['successful', 'successful']);
    const later = randomUUID();
    const [first] = await stage.jobs(backup);
    await call('relaunch', { job: first!.uuid, run: later });
    await stage.waitForStatuses(later, ['successful']);
    const run = randomUUID();
    const answer = await call('drill', { policy: id, run });
    await stage.waitForStatuses(run, ['successful', 'successful']);
    const [latest] = await stage.jobs(later);
    const plan = await planOf(stage.deps, run);
    const job = plan.jobs.find(({ archive_name }) => archive_name === latest!.archive_name)!;
    expect(plan.jobs.map((each) => each.id)).toContain(answer.job);
    const again = randomUUID();
    await call('relaunch', { job: job.uuid, run: again });
    await stage.waitForStatuses(again, ['successful']);
    const [drill] = (await planOf(stage.deps, again)).jobs;
    expect(drill).toMatchObject({ name: job.name, archive_name: latest!.archive_name, launch_type: 'relaunch' });
    expect(drill!.drill?.seed).not.toBe(job.drill?.seed);
    await checkReplay(stage);
  });

  it('explains a granted job by the executors that are connected', async () => {
    const policy = addPolicy({ catalog_enabled: false, auto_prune: false });
    const gate = Promise.withResolvers<void>();
    const others = Array.from({ length: 8 }, () => addPolicy({ catalog_enabled: false, auto_prune: false }));
    for (const {
      policy: { id },
    } of others) {
      stage.executor.orders.set(`Backup Job policy${id} host${id}-1`, gate.promise);
      const run = randomUUID();
      await launch(id, run);
      await stage.waitForStatuses(run, ['running']);
    }
    const run = randomUUID();
    await launch(policy.policy.id, run);
    await stage.waitForStatuses(run, ['pending']);
    const [job] = await stage.jobs(run);
    // The fake executor does not speak for itself.
    await vi.waitFor(async () => {
      const { reason } = await call('explain', { job: job!.uuid });
      expect(reason).toBe('It may run, but no executor is there: start one.');
    }, within);
    const { nats } = stage.deps.connection;
    const subscription = nats.subscribe(HOLDER_SUBJECT);
    await nats.flush();
    expect((await call('explain', { job: job!.uuid })).reason).toContain('waits for an executor that has room');
    subscription.unsubscribe();
    gate.resolve();
    await stage.waitForStatuses(run, ['successful']);
  });
});
