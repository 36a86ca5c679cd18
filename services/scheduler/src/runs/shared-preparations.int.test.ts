import { jobStream, NO_RUN_SECRETS, runStream, schedulerCommands } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { planOf } from '../testing/fake-executor.ts';
import { failed } from '../testing/job-events.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { createStage, jobNamed, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkGrants, checkReplay } from '../testing/stage-checks.ts';
import { findPreparations } from './active-jobs.ts';
import type { ResolvedClient, ResolvedPolicy } from './planning/draft-jobs.ts';

const CLIENTS = 20;
const REPOSITORIES = 4;
const POLICIES = 60;

describe('runs that need the same prepared', () => {
  let stage: Stage;
  let stopFirst: () => Promise<void>;
  beforeAll(async () => {
    stage = await createStage();
    // Either answers launches; the first one leads.
    ({ stop: stopFirst } = await stage.startScheduler());
    await stage.startScheduler({ deps: await stage.newDeps('second') });
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const launch = async (policy: number): Promise<string> => {
    const run = randomUUID();
    const { subject, output } = schedulerCommands.launch;
    await stage.deps.rpc.call(subject, { policy, run, extra_vars: null }, { schema: output, deadlineMillis: 30_000 });
    return run;
  };
  const jobsOf = async (runs: readonly string[]): Promise<readonly JobRow[]> =>
    (await stage.deps.pool.query<JobRow>('select * from scheduler.jobs where run = any($1) order by id', [runs])).rows;

  /** Clients and repositories are not ready; no policy has the same client in the same repository as another. */
  const addPolicies = (): readonly ResolvedPolicy[] => {
    const clients = Array.from({ length: CLIENTS }, (_, n): ResolvedClient => {
      const [client] = somePolicy(1 + n).clients;
      return { ...client!, ready: false };
    });
    const repositories = Array.from({ length: REPOSITORIES }, (_, n) => ({
      ...somePolicy(1 + n).repository,
      ready: false,
    }));
    const policies = Array.from({ length: POLICIES }, (_, n) => ({
      ...somePolicy(1 + n, { catalog_enabled: false, auto_prune: false }),
      clients: [clients[n % CLIENTS]!],
      repository: repositories[(n + Math.floor(n / CLIENTS)) % REPOSITORIES]!,
    }));
    for (const policy of policies) stage.policies.set(policy.policy.id, policy);
    return policies;
  };

  it('prepare 20 clients and 4 repositories by 24 jobs for 60 policies launched at once, in two processes', async () => {
    const policies = addPolicies();
    const gate = Promise.withResolvers<void>();
    for (const { clients, repository } of policies) {
      stage.executor.orders.set(`Prepare Client ${clients[0]!.hostname}`, gate.promise);
      stage.executor.orders.set(`Prepare Repository ${repository.name}`, gate.promise);
    }
    const runs = await Promise.all(policies.map(({ policy }) => launch(policy.id)));
    const planned = (await Promise.all(runs.map((run) => planOf(stage.deps, run)))).flatMap(({ jobs }) => jobs);
    expect(planned.filter(({ job_type }) => job_type === 'check')).toHaveLength(CLIENTS + REPOSITORIES);
    expect(planned).toHaveLength(CLIENTS + REPOSITORIES + POLICIES);
    gate.resolve();
    await vi.waitFor(async () => {
      const statuses = (await jobsOf(runs)).map(({ status }) => status);
      expect(statuses).toHaveLength(planned.length);
      expect(statuses).toEqual(statuses.map(() => 'successful'));
    }, within);
    await checkGrants(stage);
    await checkReplay(stage);
  });

  /** Two policies that need one client, which is being prepared for the first one, until the gate opens. */
  const launchTwo = async (first: number) => {
    const [one, two] = [first, first + 1].map((id) => somePolicy(id, { catalog_enabled: false, auto_prune: false }));
    const client = { ...one!.clients[0]!, ready: false };
    for (const policy of [one!, two!]) stage.policies.set(policy.policy.id, { ...policy, clients: [client] });
    const { hostname } = client;
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set(`Prepare Client ${hostname}`, gate.promise);
    const runs = [await launch(first), await launch(first + 1)] as const;
    await stage.waitForStatuses(runs[1], ['waiting']);
    const jobs = await jobsOf(runs);
    const preparation = jobNamed(jobs, `Prepare Client ${hostname}`);
    const backups = jobs.filter(({ job_type }) => job_type === 'job');
    expect(backups.map(({ needs }) => needs.includes(preparation.uuid))).toEqual([true, true]);
    await vi.waitFor(() => expect(stage.executor.started).toContain(preparation.name), within);
    return { runs, preparation, backups, gate };
  };
  const cancel = ({ uuid: job }: JobRow): Promise<unknown> =>
    stage.deps.rpc.call(schedulerCommands.cancel.subject, { job }, { schema: schedulerCommands.cancel.output });

  /** A launch that saw the preparation under way a moment before it ended. */
  const launchLate = async (early: string, { uuid: preparation }: JobRow, id: number): Promise<string> => {
    const uuid = randomUUID();
    const { jobs, ...facts } = await planOf(stage.deps, early);
    const backup = jobs.find(({ job_type }) => job_type === 'job')!;
    const late = { ...backup, id, uuid: randomUUID(), needs: [preparation] };
    await stage.append(runStream(uuid), {
      type: 'run-requested',
      data: { ...facts, ...NO_RUN_SECRETS, uuid, jobs: [late] },
    });
    return uuid;
  };

  it('end for the reason of the one preparation, whenever they came and whoever leads', async () => {
    const { runs, preparation, backups, gate } = await launchTwo(200);
    await cancel(backups[0]!);
    await stage.append(jobStream(preparation.uuid), failed(preparation.uuid, 'The host is off.'));
    const because = { status: 'failed', job_explanation: `"${preparation.name}" failed: The host is off.` };
    const backupOf = async (run: string) => (await stage.jobs(run)).find(({ job_type }) => job_type === 'job');
    await vi.waitFor(async () => expect(await backupOf(runs[1])).toMatchObject(because), within);
    expect(await backupOf(runs[0])).toMatchObject({ status: 'canceled' });
    // Its grant is the last that the first run has.
    const isForgotten = async (): Promise<void> => {
      const { rowCount } = await stage.deps.pool.query('select from scheduler.grants where run = any($1)', [runs]);
      expect(rowCount).toBe(0);
    };
    await vi.waitFor(isForgotten, within);
    const late = await launchLate(runs[0], preparation, 1_000_001);
    await vi.waitFor(async () => expect(await backupOf(late)).toMatchObject(because), within);
    await stopFirst();
    const later = await launchLate(runs[0], preparation, 1_000_002);
    await vi.waitFor(async () => expect(await backupOf(later)).toMatchObject(because), within);
    gate.resolve();
  });

  it('do not wait for a preparation that somebody is canceling', async () => {
    const { preparation, backups, gate } = await launchTwo(300);
    await cancel(preparation);
    await cancel(backups[1]!);
    const again = await launch(301);
    const { jobs } = await planOf(stage.deps, again);
    expect(jobs.map(({ name }) => name)).toEqual([preparation.name, backups[1]!.name]);
    expect(jobs[1]!.needs).toEqual([jobs[0]!.uuid]);
    // A preparation alone is no run that is under way.
    await cancel(backups[0]!);
    await launch(300);
    gate.resolve();
  });

  it('take one that succeeded after their policy was read, and only then', async () => {
    const before = Date.now();
    const { runs, preparation, gate } = await launchTwo(400);
    const find = (since: number) => findPreparations(stage.deps, [preparation.preparation!], since);
    const found = new Map([[preparation.preparation, preparation.uuid]]);
    const after = Date.now() + 3_600_000;
    expect(await find(after)).toEqual(found);
    gate.resolve();
    await stage.waitForStatuses(runs[1], ['successful']);
    expect(await find(before)).toEqual(found);
    expect(await find(after)).toEqual(new Map());
    const late = await launchLate(runs[0], preparation, 1_000_003);
    await stage.waitForStatuses(late, ['successful']);
  });
});
