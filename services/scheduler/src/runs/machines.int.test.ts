import { schedulerCommands, type VirtualMachine } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { somePolicy } from '../testing/policy-fixture.ts';
import { createStage, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkGrants, checkReplay } from '../testing/stage-checks.ts';
import { planOf } from '../testing/fake-executor.ts';
import type { ResolvedPolicy } from './planning/draft-jobs.ts';

const MACHINES: readonly VirtualMachine[] = [
  { id: '100', name: 'web' },
  { id: '101', name: 'db/main' },
];

describe('a policy of virtual machines', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage();
    await stage.startScheduler();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const addPolicy = (id: number, type = 'vm', options: Parameters<typeof somePolicy>[1] = {}): ResolvedPolicy => {
    const policy = somePolicy(id, options);
    const resolved = { ...policy, policy: { ...policy.policy, policy_type: type } };
    stage.policies.set(id, resolved);
    return resolved;
  };
  const launch = async (policy: number): Promise<{ readonly run: string; readonly job: number }> => {
    const run = randomUUID();
    const { subject, output } = schedulerCommands.launch;
    const { job } = await stage.deps.rpc.call(subject, { policy, run, extra_vars: null }, { schema: output });
    return { run, job };
  };
  const relaunch = async (job: string): Promise<string> => {
    const run = randomUUID();
    const { subject, output } = schedulerCommands.relaunch;
    await stage.deps.rpc.call(subject, { job, run }, { schema: output });
    return run;
  };
  const explain = (job: string) =>
    stage.deps.rpc.call(schedulerCommands.explain.subject, { job }, { schema: schedulerCommands.explain.output });
  const named = (jobs: readonly JobRow[], name: string): JobRow => jobs.find((job) => job.name === name)!;

  it('finds virtual machines first, and then backs up each by a chain of its own', async () => {
    const { policy } = addPolicy(1);
    stage.executor.orders.set('Find Machines policy1 host1-1', MACHINES);
    const { run, job } = await launch(1);
    await stage.waitForStatuses(run, Array<string>(8).fill('successful'));
    const jobs = await stage.jobs(run);
    expect(jobs.map(({ name, job_type, task, machine_id }) => [name, job_type, task, machine_id])).toEqual([
      ['Prepare Hypervisor host1-1', 'check', 'hypervisor', null],
      ['Find Machines policy1 host1-1', 'check', 'machines', null],
      ['Backup Job policy1 host1-1/web', 'job', null, '100'],
      ['Catalog Job policy1 host1-1/web', 'catalog', null, '100'],
      ['Prune Job policy1 host1-1/web', 'prune', null, '100'],
      ['Backup Job policy1 host1-1/db/main', 'job', null, '101'],
      ['Catalog Job policy1 host1-1/db/main', 'catalog', null, '101'],
      ['Prune Job policy1 host1-1/db/main', 'prune', null, '101'],
    ]);
    const [hypervisor, machines, backup, catalog, prune, second] = jobs;
    expect(job).toBe(machines!.id);
    expect(machines).toMatchObject({
      needs: [hypervisor!.uuid],
      launch_type: 'manual',
      dependent_jobs: backup!.id,
      client_hostname: 'host1-1',
    });
    expect(backup).toMatchObject({
      needs: [machines!.uuid],
      policy_uuid: policy.uuid,
      machine_name: 'web',
      launch_type: 'manual',
      dependent_jobs: catalog!.id,
      correlation_id: machines!.correlation_id,
    });
    expect(backup!.archive_name).toMatch(/^vm-host1-1-web-\d{4}-\d\d-\d\d_\d\d-\d\d$/);
    expect(second!.archive_name).toMatch(/^vm-host1-1-db_main-\d{4}/);
    expect(catalog).toMatchObject({ archive_name: backup!.archive_name, master_job: backup!.id });
    expect(prune).toMatchObject({ needs: [catalog!.uuid], master_job: backup!.id });
    await checkGrants(stage);
    await checkReplay(stage);
  });

  it('gives different archive names to two machines of the same name', async () => {
    addPolicy(2, 'proxmox', { catalog_enabled: false, auto_prune: false });
    stage.executor.orders.set('Find Machines policy2 host2-1', [
      { id: 'a', name: 'x/y' },
      { id: 'b', name: 'x:y' },
    ]);
    const { run } = await launch(2);
    await stage.waitForStatuses(run, Array<string>(4).fill('successful'));
    const [, , one, two] = await stage.jobs(run);
    expect(one!.archive_name).toMatch(/^proxmox-host2-1-x_y-/);
    expect(two!.archive_name).toBe(`${one!.archive_name}-2`);
  });

  it('ends a host’s jobs when no machine is found or they cannot be listed, and leaves other hosts alone', async () => {
    addPolicy(3, 'vm', { clientCount: 3, catalog_enabled: false, auto_prune: false });
    stage.executor.orders.set('Find Machines policy3 host3-1', 'The machine "web" is not there.');
    stage.executor.orders.set('Prepare Hypervisor host3-2', 'There is no virsh.');
    stage.executor.orders.set('Find Machines policy3 host3-3', [MACHINES[0]!]);
    const { run } = await launch(3);
    await stage.waitForStatuses(run, [
      'successful',
      'failed',
      'failed',
      'failed',
      'successful',
      'successful',
      'successful',
    ]);
    const jobs = await stage.jobs(run);
    expect(named(jobs, 'Find Machines policy3 host3-2').job_explanation).toBe(
      '"Prepare Hypervisor host3-2" failed: There is no virsh.',
    );
    stage.executor.orders.delete('Find Machines policy3 host3-1');
    const none = await relaunch(named(jobs, 'Find Machines policy3 host3-1').uuid);
    await stage.waitForStatuses(none, ['successful', 'successful']);
    const [, machines] = await stage.jobs(none);
    expect(await explain(machines!.uuid)).toMatchObject({ state: 'ended' });
  });

  it('relaunches the backup of one machine, or of all machines of a host', async () => {
    addPolicy(4);
    const name = 'Backup Job policy4 host4-1/web';
    stage.executor.orders.set('Find Machines policy4 host4-1', [MACHINES[0]!]);
    stage.executor.orders.set(name, 'The disk is busy.');
    const { run } = await launch(4);
    await stage.waitForStatuses(run, ['successful', 'successful', 'failed', 'canceled', 'canceled']);
    const jobs = await stage.jobs(run);
    stage.executor.orders.delete(name);
    const again = await relaunch(named(jobs, name).uuid);
    await stage.waitForStatuses(again, ['successful', 'successful']);
    const [, backup] = await stage.jobs(again);
    expect(backup).toMatchObject({ name, machine_id: '100', launch_type: 'relaunch', job_type: 'job' });
    expect(backup!.archive_name).toMatch(/^vm-host4-1-web-.*-2$/);

    const all = await relaunch(named(jobs, 'Find Machines policy4 host4-1').uuid);
    await stage.waitForStatuses(all, Array<string>(5).fill('successful'));
    expect((await planOf(stage.deps, all)).jobs.map(({ launch_type }) => launch_type)).toEqual([
      'dependency',
      ...Array<string>(4).fill('relaunch'),
    ]);
    await checkGrants(stage);
    await checkReplay(stage);
  });

  it('counts a policy of machines as busy from its launch until the last machine is done', async () => {
    addPolicy(5, 'vm', { catalog_enabled: false, auto_prune: false });
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set('Find Machines policy5 host5-1', MACHINES);
    stage.executor.orders.set('Backup Job policy5 host5-1/web', gate.promise);
    const { run } = await launch(5);
    await stage.waitForStatuses(run, ['successful', 'successful', 'running', 'pending']);
    await expect(launch(5)).rejects.toMatchObject({ code: 'conflict' });
    const [, , , waiting] = await stage.jobs(run);
    expect(await explain(waiting!.uuid)).toMatchObject({
      state: 'pending',
      reason: 'Its repository is used by "Backup Job policy5 host5-1/web".',
    });
    gate.resolve();
    await stage.waitForStatuses(run, Array<string>(4).fill('successful'));
    await vi.waitFor(() => launch(5), within);
  });
});
