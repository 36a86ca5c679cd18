import { runStream } from '@cyborgbackup/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { somePolicy } from '../testing/policy-fixture.ts';
import { createStage, createTestClock, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkReplay } from '../testing/stage-checks.ts';
import { occurrenceRun } from './occurrences.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a clock that is a day ahead', () => {
  let stage: Stage;
  const clock = createTestClock();
  beforeAll(async () => void (stage = await createStage()));
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const register = async (id: number): Promise<string> => {
    const resolved = somePolicy(id, { catalog_enabled: false, auto_prune: false });
    stage.policies.set(id, resolved);
    await stage.registerHourly([resolved]);
    clock.set(Date.now());
    return resolved.policy.uuid;
  };
  const nextHour = (): number => Math.ceil(clock.now() / HOUR) * HOUR;
  const decided = async (subject: string, due: number): Promise<readonly string[]> => {
    const events = await stage.eventsOf(runStream(occurrenceRun({ subject, kind: 'backup' }, due)));
    return events.map(({ type }) => type);
  };
  const untilDecided = (subject: string, due: number, type: string): Promise<void> =>
    vi.waitFor(async () => expect(await decided(subject, due)).toEqual([type]), within);

  it('of one process starts nothing before its time, and does not lead', async () => {
    const policy = await register(1);
    const due = nextHour();
    const own = createTestClock();
    const shared = vi.fn(() => Promise.resolve(clock.now()));
    const asked = async (times: number): Promise<void> => {
      shared.mockClear();
      await vi.waitFor(() => expect(shared.mock.calls.length).toBeGreaterThanOrEqual(times), within);
    };
    const leader = await stage.startScheduler({ clocks: { own, shared } });
    await asked(1);
    own.set(clock.now() + DAY);
    await asked(2);
    await leader.stop();
    const { stop } = await stage.startScheduler({ clocks: { own, shared } });
    await asked(2);
    expect(await decided(policy, due)).toEqual([]);
    clock.set(due);
    own.set(due);
    await untilDecided(policy, due, 'run-requested');
    expect(await stage.skipped(policy)).toEqual([]);
    await stop();
  });

  it('of all of them uses up what was decided by it, and nothing else', async () => {
    const policy = await register(2);
    const due = nextHour();
    clock.set(due + DAY);
    const ahead = await stage.startScheduler({ clock });
    await untilDecided(policy, due + DAY, 'run-requested');
    await stage.waitForStatuses(occurrenceRun({ subject: policy, kind: 'backup' }, due + DAY), ['successful']);
    await ahead.stop();

    const unaffected = await register(3);
    const { stop } = await stage.startScheduler({ clock });
    clock.set(due);
    await untilDecided(unaffected, due, 'run-requested');
    for (const hours of [1, 2, 25]) {
      clock.set(due + hours * HOUR);
      await untilDecided(policy, due + hours * HOUR, 'run-requested');
      await stage.waitForStatuses(occurrenceRun({ subject: policy, kind: 'backup' }, due + hours * HOUR), [
        'successful',
      ]);
    }
    expect(await decided(policy, due)).toEqual(['occurrence-skipped']);
    expect(await decided(policy, due + DAY)).toEqual(['run-requested']);
    await checkReplay(stage);
    await stop();
  });
});
