import { schedulerCommands, type PlannedJob, type RestoreRequest } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { somePolicy } from '../testing/policy-fixture.ts';
import { createStage, type Stage } from '../testing/scheduler-stage.ts';
import { planOf } from '../testing/fake-executor.ts';

const WHAT: RestoreRequest = {
  item: '',
  items: ['etc/hosts', 'odd\udcff'],
  patterns: ['sh:home/**'],
  dest_folder: '/srv/restored',
  destination: 'client',
  replace: 'newer',
  verify: 'contents',
  numeric_ids: true,
  dry_run: false,
  database: false,
  allow_unsafe: false,
};

describe('a restore', () => {
  let stage: Stage;
  const policy = somePolicy(1);
  const stranger = { id: 900, uuid: randomUUID(), hostname: 'stranger', port: 2222, bandwidth_limit: null };
  const { id, uuid, name, path } = policy.repository;
  const repository = { id, uuid, name, path };
  let backup: { uuid: string; id: number; archive_name: string | null };

  beforeAll(async () => {
    stage = await createStage();
    await stage.startScheduler();
    stage.policies.set(1, policy);
    const run = randomUUID();
    const { subject, output } = schedulerCommands.launch;
    await stage.deps.rpc.call(subject, { policy: 1, run, extra_vars: null }, { schema: output });
    await stage.waitForStatuses(run, ['successful', 'successful', 'successful']);
    backup = (await stage.jobs(run))[0]!;
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const restore = async (
    request: Partial<z.input<typeof schedulerCommands.restore.input>> = {},
  ): Promise<{ run: string; job: PlannedJob; policyUuid: string | undefined }> => {
    const { subject, output } = schedulerCommands.restore;
    const run = request.run ?? randomUUID();
    const input = { ...WHAT, run, backup: backup.uuid, repository, client: stranger, ...request };
    const { job } = await stage.deps.rpc.call(subject, input, { schema: output });
    const plan = await planOf(stage.deps, run);
    expect(plan.jobs).toHaveLength(1);
    expect(plan.jobs[0]!.id).toBe(job);
    expect(plan.repository).toEqual(repository);
    return { run, job: plan.jobs[0]!, policyUuid: plan.policy?.uuid };
  };

  it('restores to any client, as it was asked for, and only once', async () => {
    const { run, job } = await restore();
    expect(job).toMatchObject({
      name: 'Restore Job policy1 stranger',
      job_type: 'restore',
      client: stranger,
      archive_name: backup.archive_name,
      master_job: backup.uuid,
      master_job_id: backup.id,
      restore: WHAT,
    });
    expect((await restore({ run })).job.id).toBe(job.id);
    await stage.waitForStatuses(run, ['successful']);
  });

  it('restores to the repository’s host without waiting for a client', async () => {
    const { run, job } = await restore({ client: null, destination: 'repository' });
    expect(job).toMatchObject({ name: 'Restore Job policy1 repository1', client: null });
    await stage.waitForStatuses(run, ['successful']);
  });

  it('lets a restore wait while its client is busy with the repository', async () => {
    const release = Promise.withResolvers<void>();
    stage.executor.orders.set('Restore Job policy1 stranger', release.promise);
    const { run } = await restore();
    await stage.waitForStatuses(run, ['running']);
    const second = await restore();
    await stage.waitForStatuses(second.run, ['pending']);
    release.resolve();
    await stage.waitForStatuses(run, ['successful']);
    await stage.waitForStatuses(second.run, ['successful']);
  });

  it('restores an archive whose policy is disabled or removed', async () => {
    stage.policies.set(1, { ...policy, policy: { ...policy.policy, enabled: false } });
    const disabled = await restore();
    expect(disabled.policyUuid).toBe(policy.policy.uuid);
    await stage.waitForStatuses(disabled.run, ['successful']);
    stage.policies.delete(1);
    const orphan = await restore();
    expect(orphan).toMatchObject({
      policyUuid: undefined,
      job: { name: `Restore Job ${backup.archive_name} stranger` },
    });
    await stage.waitForStatuses(orphan.run, ['successful']);
  });

  it('relaunches a restore as it was asked for, but not into a database', async () => {
    stage.policies.set(1, policy);
    stage.repositories.set(repository.id, { ...repository, path: 'borg@new:/srv/repo', ready: true, enabled: true });
    const { subject, output } = schedulerCommands.relaunch;
    const again = (job: string, as: string): Promise<z.output<typeof output>> =>
      stage.deps.rpc.call(subject, { job, run: as }, { schema: output });
    const { run, job } = await restore();
    await stage.waitForStatuses(run, ['successful']);
    const second = randomUUID();
    const answer = await again(job.uuid, second);
    const plan = await planOf(stage.deps, second);
    expect(plan.repository).toMatchObject({ path: 'borg@new:/srv/repo' });
    expect(plan.jobs).toMatchObject([{ ...job, id: answer.job, uuid: plan.jobs[0]!.uuid, launch_type: 'relaunch' }]);
    await stage.waitForStatuses(second, ['successful']);

    const imported = await restore({ database: true });
    await stage.waitForStatuses(imported.run, ['successful']);
    await expect(again(imported.job.uuid, randomUUID())).rejects.toMatchObject({
      message: expect.stringMatching(/confirmed/),
    });
  });

  it('refuses to restore an archive that was never made', async () => {
    await expect(restore({ backup: randomUUID() })).rejects.toMatchObject({ code: 'not-found' });
  });
});
