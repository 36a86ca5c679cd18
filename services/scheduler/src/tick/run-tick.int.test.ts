import {
  POLICY_DEFAULTS,
  REPOSITORY_DEFAULTS,
  SCHEDULE_DEFAULTS,
  scheduleSlotsStream,
  type PolicyEvent,
  type RepositoryEvent,
  type ScheduleEvent,
} from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkReplay, createStage, createTestClock, planOf, within, type Stage } from '../support.test.ts';
import { somePolicy } from '../some-policy.test.ts';
import type { ResolvedPolicy } from '../run/draft-jobs.ts';
import { slotRun } from './run-tick.ts';

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
  afterAll(() => stage[Symbol.asyncDispose]());

  /** The nth slot from now on. */
  const slot = (n: number): number => Math.ceil(clock.now() / TEN_MINUTES) * TEN_MINUTES + (n - 1) * TEN_MINUTES;
  const iso = (millis: number): string => new Date(millis).toISOString();
  const second = 1_000;

  const register = async (id: number): Promise<ResolvedPolicy> => {
    const resolved = somePolicy(id, { catalog_enabled: false, auto_prune: false });
    stage.policies.set(id, resolved);
    const { policy, repository, schedule } = resolved;
    const scheduleUuid = randomUUID();
    const scheduleRegistered: ScheduleEvent = {
      type: 'schedule-registered',
      data: {
        ...SCHEDULE_DEFAULTS,
        id,
        uuid: scheduleUuid,
        name: schedule.name,
        crontab: '*/10 * * * *',
        timezone: 'UTC',
        enabled: true,
      },
    };
    const repositoryRegistered: RepositoryEvent = {
      type: 'repository-registered',
      data: { ...REPOSITORY_DEFAULTS, ...repository, repository_key: 'secret', ready: true },
    };
    const policyRegistered: PolicyEvent = {
      type: 'policy-registered',
      data: {
        ...POLICY_DEFAULTS,
        ...policy,
        policy_type: 'folders',
        extra_vars: '',
        clients: [],
        repository: id,
        schedule: id,
      },
    };
    await stage.append(`schedule-${scheduleUuid}`, scheduleRegistered);
    await stage.append(`repository-${repository.uuid}`, repositoryRegistered);
    await stage.append(`policy-${policy.uuid}`, policyRegistered);
    return resolved;
  };

  const runsOf = async (policy: string): Promise<readonly (string | null)[]> => {
    const { rows } = await stage.parts.pool.query<{ due_at: Date | null }>(
      'select due_at from scheduler.jobs where policy_uuid = $1 order by id',
      [policy],
    );
    return rows.map(({ due_at }) => due_at?.toISOString() ?? null);
  };

  const skippedOf = (policy: string): Promise<readonly unknown[]> =>
    stage.eventsOf(scheduleSlotsStream(policy)).then((events) => events.map(({ data }) => data));

  it('starts its policy once at each slot, catches up once, and says what it skipped', async () => {
    const { policy, clients } = await register(1);
    const [s1, s3, s4, s5, s6] = [slot(1), slot(3), slot(4), slot(5), slot(6)];
    clock.set(s1 + second);
    const first = slotRun(policy.uuid, s1);
    await stage.settled(first, ['successful']);
    expect(await planOf(stage.parts, first)).toMatchObject({ due_at: iso(s1), jobs: [{ launch_type: 'scheduled' }] });

    // Down over two slots: the later one is run.
    await stop();
    clock.set(s3 + second);
    await start();
    await stage.settled(slotRun(policy.uuid, s3), ['successful']);
    const missed = {
      policy: policy.uuid,
      due_at: iso(slot(0) - TEN_MINUTES),
      until: iso(s3),
      reason: expect.stringContaining('Nothing was there'),
    };
    expect(await skippedOf(policy.uuid)).toEqual([missed]);

    // Busy at the next.
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set('Backup Job policy1 host1-1', gate.promise);
    clock.set(s4 + second);
    const long = slotRun(policy.uuid, s4);
    await stage.settled(long, ['running']);
    clock.set(s5 + second);
    const overlap = {
      policy: policy.uuid,
      due_at: iso(s5),
      until: null,
      reason: 'A run of the policy had not ended yet.',
    };
    await vi.waitFor(async () => expect(await skippedOf(policy.uuid)).toEqual([missed, overlap]), within);
    gate.resolve();
    await stage.settled(long, ['successful']);

    // Refused at the one after.
    stage.policies.set(1, {
      ...stage.policies.get(1)!,
      clients: clients.map((client) => ({ ...client, enabled: false })),
    });
    clock.set(s6 + second);
    const refused = {
      policy: policy.uuid,
      due_at: iso(s6),
      until: null,
      reason: expect.stringContaining('no enabled client'),
    };
    await vi.waitFor(async () => expect(await skippedOf(policy.uuid)).toEqual([missed, overlap, refused]), within);
    expect(await runsOf(policy.uuid)).toEqual([s1, s3, s4].map(iso));
    await checkReplay(stage);
  });

  it('does not start what has become another policy, nor what is disabled', async () => {
    const { policy } = await register(2);
    const resolved = stage.policies.get(2)!;
    stage.policies.set(2, { ...resolved, policy: { ...resolved.policy, uuid: randomUUID() } });
    clock.set(slot(1) + second);
    const refused = expect.objectContaining({ reason: 'The policy is not there any more.' });
    await vi.waitFor(async () => expect((await skippedOf(policy.uuid)).at(-1)).toEqual(refused), within);
    const skipped = await skippedOf(policy.uuid);
    stage.policies.set(2, resolved);
    await stage.append(`policy-${policy.uuid}`, {
      type: 'policy-changed',
      data: { uuid: policy.uuid, enabled: false },
    });
    const other = await register(3);
    const s2 = slot(1);
    clock.set(s2 + second);
    await stage.settled(slotRun(other.policy.uuid, s2), ['successful']);
    expect(await runsOf(policy.uuid)).toEqual([]);
    expect(await skippedOf(policy.uuid)).toEqual(skipped);
  });
});
