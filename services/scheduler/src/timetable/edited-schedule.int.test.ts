import { POLICY_DEFAULTS, REPOSITORY_DEFAULTS, runStream, SCHEDULE_DEFAULTS } from '@cyborgbackup/contracts';
import { commandDeps } from '@cyborgbackup/service';
import { systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { createStage, createTestClock, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkReplay } from '../testing/stage-checks.ts';
import { jitterOf } from './entry-history.ts';
import { occurrenceRun } from './occurrences.ts';

const JITTER = 3_600;
const MINUTE = 60_000;

describe('an edit between a due time and its start', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  /** Appends the first event of a stream as of an earlier time. */
  const appendAt = async (stream: string, millis: number, event: DomainEvent): Promise<void> => {
    const { store, codec } = commandDeps(stage.deps, 'test');
    const encoded = await codec.encode(event, { id: randomUUID(), context: systemContext('test') });
    const metadata = { ...encoded.metadata, occurredAt: new Date(millis).toISOString().replace('Z', '000Z') };
    await store.append(stream, [{ ...encoded, metadata }], 0);
  };

  const register = async (id: number, since: number): Promise<ResolvedPolicy> => {
    const resolved = somePolicy(id, { catalog_enabled: false, auto_prune: false });
    const { policy, repository } = resolved;
    stage.policies.set(id, resolved);
    await appendAt(`repository-${repository.uuid}`, since, {
      type: 'repository-registered',
      data: { ...REPOSITORY_DEFAULTS, ...repository, repository_key: 'secret', ready: true },
    });
    const references = { extra_vars: '', prehook: '', posthook: '', clients: [], repository: id, schedule: 1 };
    const data = { ...POLICY_DEFAULTS, ...policy, ...references, missed_runs: 'skip' };
    await appendAt(`policy-${policy.uuid}`, since, { type: 'policy-registered', data });
    return resolved;
  };

  it('leaves one run or one skip of an occurrence that waits while its schedule is edited, for the next leader too', async () => {
    const occurrence = Math.floor(Date.now() / MINUTE) * MINUTE;
    const time = new Date(occurrence);
    const crontab = `${time.getUTCMinutes()} ${time.getUTCHours()} * * *`;
    const schedule = randomUUID();
    const fields = { ...SCHEDULE_DEFAULTS, name: 'nightly', crontab, timezone: 'UTC', enabled: true, jitter: JITTER };
    const data = { ...fields, uuid: schedule, id: 1 };
    await appendAt(`schedule-${schedule}`, occurrence - MINUTE, { type: 'schedule-registered', data });
    const [kept, switched, off] = [
      await register(1, occurrence - MINUTE),
      await register(2, occurrence - MINUTE),
      await register(3, occurrence - MINUTE),
    ];
    const clock = createTestClock();
    clock.set(occurrence);
    const first = await stage.startScheduler({ deps: await stage.newDeps('first'), clock });

    const edit = (what: 'schedule' | 'policy', uuid: string, changes: object): Promise<void> =>
      stage.append(`${what}-${uuid}`, { type: `${what}-changed`, data: { uuid, ...changes } });
    await edit('schedule', schedule, { jitter: JITTER + 1 });
    await edit('schedule', schedule, {
      crontab: `0 ${(time.getUTCHours() + 12) % 24} * * *`,
      timezone: 'Asia/Kolkata',
    });
    await edit('policy', switched.policy.uuid, { enabled: false });
    await edit('policy', switched.policy.uuid, { enabled: true });
    await edit('policy', off.policy.uuid, { enabled: false });
    await checkReplay(stage);
    await first.stop();

    await stage.startScheduler({ deps: await stage.newDeps('second'), clock });
    const starts = [kept, switched, off].map(({ policy }) => occurrence + jitterOf(policy.uuid, JITTER + 1));
    for (const start of starts.toSorted((a, b) => a - b)) {
      clock.set(start);
      const index = starts.indexOf(start);
      const uuid = [kept, switched, off][index]!.policy.uuid;
      const stream = runStream(occurrenceRun({ subject: uuid, kind: 'backup' }, occurrence));
      await vi.waitFor(async () => expect(await stage.eventsOf(stream)).toHaveLength(1), within);
    }
    const due_at = new Date(occurrence).toISOString();
    const reason = 'The policy was switched off before this could be started.';
    expect(await stage.skipped(off.policy.uuid)).toMatchObject([{ due_at, until: null, reason }]);
    for (const { policy } of [kept, switched]) {
      await stage.waitForStatuses(occurrenceRun({ subject: policy.uuid, kind: 'backup' }, occurrence), ['successful']);
      expect(await stage.skipped(policy.uuid)).toEqual([]);
    }
    const { rows } = await stage.deps.pool.query<{ due_at: Date }>('select due_at from scheduler.jobs');
    expect(rows).toEqual([{ due_at: time }, { due_at: time }]);
    await checkReplay(stage);
  });
});
