import {
  POLICY_DEFAULTS,
  REPOSITORY_DEFAULTS,
  SCHEDULE_DEFAULTS,
  type PolicyFields,
  type RepositoryFields,
  type ScheduleFields,
  type OccurrenceKind,
} from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStage, createTestClock, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkReplay } from '../testing/stage-checks.ts';
import { planOf } from '../testing/fake-executor.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';
import { jitterOf } from './entry-history.ts';
import { occurrenceRun } from './occurrences.ts';

const TEN_MINUTES = 600_000;

describe('a schedule', () => {
  let stage: Stage;
  const clock = createTestClock();
  let stop: () => Promise<void>;
  const start = async (): Promise<void> => {
    ({ stop } = await stage.startScheduler({ clock }));
  };

  beforeAll(async () => {
    stage = await createStage();
    await start();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());
  // Events bear the time of their writing: what is registered must not have missed what was due in an earlier test.
  beforeEach(() => clock.set(Date.now()));

  /** The nth occurrence from now on. */
  const occurrence = (n: number): number => Math.ceil(clock.now() / TEN_MINUTES) * TEN_MINUTES + (n - 1) * TEN_MINUTES;
  const iso = (millis: number): string => new Date(millis).toISOString();
  const second = 1_000;

  interface Fields {
    readonly policy?: Partial<PolicyFields>;
    readonly schedule?: Partial<ScheduleFields>;
    readonly repository?: Partial<RepositoryFields>;
  }

  const register = async (id: number, fields: Fields = {}): Promise<ResolvedPolicy> => {
    const resolved = somePolicy(id, { catalog_enabled: false, auto_prune: false });
    stage.policies.set(id, resolved);
    stage.repositories.set(id, resolved.repository);
    const { policy, repository, schedule } = resolved;
    const times = { name: schedule.name, crontab: '*/10 * * * *', timezone: 'UTC', enabled: true };
    const scheduleUuid = randomUUID();
    await stage.append(`schedule-${scheduleUuid}`, {
      type: 'schedule-registered',
      data: { ...SCHEDULE_DEFAULTS, ...times, ...fields.schedule, id, uuid: scheduleUuid },
    });
    await stage.append(`repository-${repository.uuid}`, {
      type: 'repository-registered',
      data: { ...REPOSITORY_DEFAULTS, ...repository, repository_key: 'secret', ready: true, ...fields.repository },
    });
    const references = { extra_vars: '', prehook: '', posthook: '', clients: [], repository: id, schedule: id };
    await stage.append(`policy-${policy.uuid}`, {
      type: 'policy-registered',
      data: { ...POLICY_DEFAULTS, ...policy, ...references, ...fields.policy },
    });
    return resolved;
  };

  const disable = (policy: string): Promise<void> =>
    stage.append(`policy-${policy}`, { type: 'policy-changed', data: { uuid: policy, enabled: false } });

  const runOf = (subject: string, due: number, kind: OccurrenceKind = 'backup'): string =>
    occurrenceRun({ subject, kind }, due);

  const runsOf = async (policy: string): Promise<readonly (string | null)[]> => {
    const { rows } = await stage.deps.pool.query<{ due_at: Date | null }>(
      'select due_at from scheduler.jobs where policy_uuid = $1 order by id',
      [policy],
    );
    return rows.map(({ due_at }) => due_at?.toISOString() ?? null);
  };

  const untilSkipped = (subject: string, expected: readonly object[]): Promise<void> =>
    vi.waitFor(async () => expect(await stage.skipped(subject)).toMatchObject(expected), within);

  it('starts its policy once at each due time, catches up once, and says what it skipped', async () => {
    const { policy, clients } = await register(1);
    const [s1, s3, s4, s5, s6] = [occurrence(1), occurrence(3), occurrence(4), occurrence(5), occurrence(6)];
    clock.set(s1 + second);
    const first = runOf(policy.uuid, s1);
    await stage.waitForStatuses(first, ['successful']);
    expect(await planOf(stage.deps, first)).toMatchObject({ due_at: iso(s1), jobs: [{ launch_type: 'scheduled' }] });

    // Down over two occurrences: the later one is run.
    await stop();
    clock.set(s3 + second);
    await start();
    await stage.waitForStatuses(runOf(policy.uuid, s3), ['successful']);
    const missed = {
      policy: policy.uuid,
      repository: null,
      kind: 'backup',
      due_at: iso(s3 - TEN_MINUTES),
      until: iso(s3),
      reason: expect.stringContaining('Nothing was there'),
    };
    // An event for one occurrence alone has no end.
    await untilSkipped(policy.uuid, [{ ...missed, until: null }]);

    // Busy at the next.
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set('Backup Job policy1 host1-1', gate.promise);
    clock.set(s4 + second);
    const long = runOf(policy.uuid, s4);
    await stage.waitForStatuses(long, ['running']);
    clock.set(s5 + second);
    const overlap = { due_at: iso(s5), until: null, reason: 'The run before it had not ended yet.' };
    await untilSkipped(policy.uuid, [{}, overlap]);
    gate.resolve();
    await stage.waitForStatuses(long, ['successful']);

    // Refused at the one after.
    stage.policies.set(1, {
      ...stage.policies.get(1)!,
      clients: clients.map((client) => ({ ...client, enabled: false })),
    });
    clock.set(s6 + second);
    const refused = { due_at: iso(s6), until: null, reason: expect.stringContaining('no enabled client') };
    await untilSkipped(policy.uuid, [{}, overlap, refused]);
    expect(await runsOf(policy.uuid)).toEqual([s1, s3, s4].map(iso));
    await disable(policy.uuid);
    await checkReplay(stage);
  });

  it('does not start a policy that was replaced, nor one that is disabled', async () => {
    const { policy } = await register(2);
    const resolved = stage.policies.get(2)!;
    stage.policies.set(2, { ...resolved, policy: { ...resolved.policy, uuid: randomUUID() } });
    clock.set(occurrence(1) + second);
    await untilSkipped(policy.uuid, [{ reason: 'The policy is not there any more.' }]);
    stage.policies.set(2, resolved);
    await disable(policy.uuid);
    const other = await register(3);
    const s2 = occurrence(1);
    clock.set(s2 + second);
    await stage.waitForStatuses(runOf(other.policy.uuid, s2), ['successful']);
    expect(await runsOf(policy.uuid)).toEqual([]);
    expect(await stage.skipped(policy.uuid)).toHaveLength(1);
    await disable(other.policy.uuid);
  });

  it('runs all missed occurrences, one behind the other, or none, as the policy says', async () => {
    const everyone = await register(4, { policy: { missed_runs: 'all' } });
    const nobody = await register(5, { policy: { missed_runs: 'skip' } });
    const [s1, s2, s3] = [occurrence(1), occurrence(2), occurrence(3)];
    await stop();
    clock.set(s3 + 90 * second);
    await start();
    for (const due of [s1, s2, s3]) await stage.waitForStatuses(runOf(everyone.policy.uuid, due), ['successful']);
    expect(await stage.skipped(everyone.policy.uuid)).toEqual([]);
    await untilSkipped(nobody.policy.uuid, [{ due_at: iso(s1), until: iso(s3 + 60 * second) }]);
    expect(await runsOf(nobody.policy.uuid)).toEqual([]);
    for (const { policy } of [everyone, nobody]) await disable(policy.uuid);
  });

  it('queues one run behind another, where the policy says so, and skips the third', async () => {
    const { policy } = await register(6, { policy: { overlap: 'queue' } });
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set('Backup Job policy6 host6-1', gate.promise);
    const [s1, s2, s3] = [occurrence(1), occurrence(2), occurrence(3)];
    clock.set(s1 + second);
    await stage.waitForStatuses(runOf(policy.uuid, s1), ['running']);
    clock.set(s2 + second);
    await stage.waitForStatuses(runOf(policy.uuid, s2), ['pending']);
    clock.set(s3 + second);
    await untilSkipped(policy.uuid, [{ due_at: iso(s3), reason: expect.stringContaining('another one waits') }]);
    gate.resolve();
    for (const due of [s1, s2]) await stage.waitForStatuses(runOf(policy.uuid, due), ['successful']);
    await disable(policy.uuid);
  });

  it('skips what lies in a blackout window, and names that', async () => {
    const [s1, s2] = [occurrence(1), occurrence(2)];
    const window = `${iso(s1).slice(11, 16)}-${iso(s2).slice(11, 16)}`;
    const { policy } = await register(7, { schedule: { blackouts: [window] } });
    clock.set(s1 + second);
    await untilSkipped(policy.uuid, [{ due_at: iso(s1), reason: expect.stringContaining(`${window} (UTC)`) }]);
    clock.set(s2 + second);
    await stage.waitForStatuses(runOf(policy.uuid, s2), ['successful']);
    expect(await runsOf(policy.uuid)).toEqual([iso(s2)]);
    await disable(policy.uuid);
  });

  it('delays what it starts within the schedule’s jitter', async () => {
    const { policy } = await register(8, { schedule: { jitter: 300 } });
    const other = await register(9);
    const s1 = occurrence(1);
    const jitter = jitterOf(policy.uuid, 300);
    clock.set(s1 + jitter - 1);
    await stage.waitForStatuses(runOf(other.policy.uuid, s1), ['successful']);
    expect(await runsOf(policy.uuid)).toEqual([]);
    clock.set(s1 + jitter);
    await stage.waitForStatuses(runOf(policy.uuid, s1), ['successful']);
    for (const one of [policy, other.policy]) await disable(one.uuid);
  });

  it('drills the latest archives on a schedule', async () => {
    const { policy, clients } = await register(10, { policy: { drill_schedule: 10, schedule: 9 } });
    const [s1, s2] = [occurrence(1), occurrence(2)];
    clock.set(s1 + second);
    await untilSkipped(policy.uuid, [
      { kind: 'drill', due_at: iso(s1), reason: expect.stringContaining('no archive') },
    ]);
    const backup = runOf(policy.uuid, s1);
    await stage.waitForStatuses(backup, ['successful']);
    clock.set(s2 + second);
    const run = runOf(policy.uuid, s2, 'drill');
    await stage.waitForStatuses(run, ['successful']);
    const plan = await planOf(stage.deps, run);
    const [made] = await stage.jobs(backup);
    expect(plan).toMatchObject({
      schedule: { id: 10 },
      due_at: iso(s2),
      jobs: [
        {
          name: 'Restore Drill policy10 host10-1',
          job_type: 'restore',
          launch_type: 'scheduled',
          client: { uuid: clients[0]!.uuid },
          archive_name: made!.archive_name,
          master_job: made!.uuid,
          drill: { files: 10, seed: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        },
      ],
    });
    expect(await stage.jobs(run)).toMatchObject([{ task: 'drill', master_job: made!.id }]);
    await disable(policy.uuid);
  });

  it('checks repositories, one check at a time', async () => {
    const { policy, repository } = await register(11, { repository: { check_schedule: 11, integrity_schedule: 11 } });
    await disable(policy.uuid);
    const gate = Promise.withResolvers<void>();
    for (const name of ['Check Repository', 'Integrity Job']) {
      stage.executor.orders.set(`${name} repository11`, gate.promise);
    }
    const [s1, s2] = [occurrence(1), occurrence(2)];
    clock.set(s1 + second);
    const runs = (['check', 'integrity'] as const).map((kind) => runOf(repository.uuid, s1, kind));
    // Of the two at the same moment one wins.
    const reason = expect.stringContaining('not ended yet');
    await untilSkipped(repository.uuid, [{ policy: null, repository: repository.uuid, reason }]);
    clock.set(s2 + second);
    await untilSkipped(repository.uuid, [{}, {}, {}]);
    gate.resolve();
    const [skipped] = await stage.skipped(repository.uuid);
    const started = skipped!.kind === 'check' ? 1 : 0;
    await stage.waitForStatuses(runs[started]!, ['successful']);
    const [job] = (await planOf(stage.deps, runs[started]!)).jobs;
    expect(job).toMatchObject({
      name: ['Check Repository repository11', 'Integrity Job repository11'][started],
      job_type: ['check', 'integrity'][started],
      client: null,
      check: 'archives',
    });
    const repositoryChanged = { uuid: repository.uuid, check_schedule: null, integrity_schedule: null };
    await stage.append(`repository-${repository.uuid}`, { type: 'repository-changed', data: repositoryChanged });
    await checkReplay(stage);
  });

  it('verifies repositories by the settings', async () => {
    const { policy, repository } = await register(12);
    await disable(policy.uuid);
    await stage.append('settings', {
      type: 'setting-changed',
      data: { key: 'cyborgbackup_ic_cron', value: '*/10 * * * *' },
    });
    await stage.append('settings', {
      type: 'setting-changed',
      data: { key: 'cyborgbackup_integrity_check', value: 'True' },
    });
    const s1 = occurrence(1);
    clock.set(s1 + second);
    const run = runOf(repository.uuid, s1, 'integrity');
    await stage.waitForStatuses(run, ['successful']);
    expect(await planOf(stage.deps, run)).toMatchObject({ policy: null, schedule: null, due_at: iso(s1) });
    await stage.append('settings', {
      type: 'setting-changed',
      data: { key: 'cyborgbackup_integrity_check', value: 'False' },
    });
    await checkReplay(stage);
  });
});
