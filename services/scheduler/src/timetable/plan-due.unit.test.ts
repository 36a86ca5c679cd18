import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someDue, type Setting } from '../testing/timetable-fixture.ts';
import { planDue, GRACE_MILLIS, MAX_CAUGHT_UP, MISSED, windowAt, type DueDecision } from './plan-due.ts';
import { latestOccurrences } from './occurrences.ts';

/** 2026-03-02 is a Monday. */
const at = (time: string): number => Date.parse(`2026-03-02T${time}Z`);
const clock = (millis: number): string => new Date(millis).toISOString().slice(11, 16);

/** `01:00` for a launch, `01:00!` for one in any case; `-01:00 reason` or `-01:00..03:00 reason` for skipped occurrences. */
const outlineOf = (decision: DueDecision): string => {
  if (decision.kind === 'launch') return clock(decision.due) + (decision.isCatchUp ? '!' : '');
  const until = decision.until === null ? '' : `..${clock(decision.until)}`;
  const [reason] = Object.entries(MISSED).find(([, text]) => text === decision.reason) ?? [decision.reason];
  return `-${clock(decision.due)}${until} ${reason}`;
};

const decide = (first: string, now: string, setting: Setting = {}, jitterMinutes = 0): string[] =>
  planDue(someDue(at(first), setting, jitterMinutes * 60_000), at(now)).map(outlineOf);

const all = { entry: { missed_runs: 'all' } } as const;
const skip = { entry: { missed_runs: 'skip' } } as const;
const office = { blackouts: ['MON-FRI 08:00-18:00'] };
const OFFICE = 'The schedule "hourly" starts nothing in its blackout window MON-FRI 08:00-18:00 (UTC).';

describe('planDue', () => {
  it.each<[string, readonly [first: string, now: string], Setting, string[]]>([
    ['one on time is launched', ['01:00', '01:00:00'], {}, ['01:00']],
    ['one that a change of leaders made late is launched', ['01:00', '01:00:59'], skip, ['01:00']],
    ['one that is late by just the grace is launched', ['01:00', '01:01:00'], skip, ['01:00']],
    ['one missed alone is run', ['01:00', '01:30'], {}, ['01:00']],
    ['the latest missed is run', ['01:00', '05:30'], {}, ['-01:00..05:00 once', '05:00']],
    ['the one on time stands for all missed', ['01:00', '05:00'], {}, ['-01:00..05:00 once', '05:00']],
    ['one missed is skipped, if the policy says so', ['01:00', '01:30'], skip, ['-01:00 skip']],
    ['all missed are skipped, if the policy says so', ['01:00', '03:30'], skip, ['-01:00..03:01 skip']],
    [
      'only the one on time is launched, if the policy says so',
      ['01:00', '03:00'],
      skip,
      ['-01:00..03:00 skip', '03:00'],
    ],
    ['all missed are run, if the policy says so', ['01:00', '03:30'], all, ['01:00!', '02:00!', '03:00!']],
    [
      'the one on time is launched as any other after all missed',
      ['01:00', '03:00'],
      all,
      ['01:00!', '02:00!', '03:00'],
    ],
    ['one in a window is skipped', ['08:00', '08:00'], { schedule: office }, [`-08:00 ${OFFICE}`]],
    ['one at the end of a window is launched', ['18:00', '18:00'], { schedule: office }, ['18:00']],
    [
      'one that was missed waits for the end of a window',
      ['07:00', '08:30'],
      { schedule: { ...office, crontab: '0 7 * * *' } },
      [],
    ],
    ['one that waited is run', ['07:00', '18:00'], { schedule: { ...office, crontab: '0 7 * * *' } }, ['07:00']],
    [
      'those in the window are not what is caught up',
      ['07:00', '18:00:30'],
      { schedule: { ...office, crontab: '0 7-17 * * *' } },
      ['07:00', `-08:00..17:01 ${OFFICE}`],
    ],
    [
      'those in the window wait for the one before them',
      ['07:00', '12:30'],
      { schedule: { ...office, crontab: '0 7-17 * * *' } },
      [],
    ],
    [
      'those in a window are not caught up at all',
      ['07:00', '19:30'],
      { ...all, schedule: office },
      ['07:00!', `-08:00..18:00 ${OFFICE}`, '18:00!', '19:00!'],
    ],
    [
      'missed ones are skipped in a window as well, if the policy says so',
      ['07:00', '08:30'],
      { ...skip, schedule: office },
      ['-07:00 skip', `-08:00 ${OFFICE}`],
    ],
  ])('decides that %s', (_name, [first, now], setting, expected) => {
    expect(decide(first, now, setting)).toEqual(expected);
  });

  it.each<[string, readonly [first: string, now: string], number, string[]]>([
    ['one that jitter puts off is on time', ['01:00', '01:45'], 45, ['01:00']],
    ['one whose start is not there yet is none', ['01:00', '02:30'], 45, ['01:00']],
    ['one that jitter puts into a window is skipped', ['07:00', '08:15'], 75, [`-07:00 ${OFFICE}`]],
    ['one that jitter puts out of a window is skipped', ['17:00', '18:15'], 75, [`-17:00 ${OFFICE}`]],
  ])('decides that %s', (_name, [first, now], jitter, expected) => {
    expect(decide(first, now, { schedule: office }, jitter)).toEqual(expected);
  });

  it('catches up with a hundred occurrences at most, and skips the rest by one event', () => {
    const setting: Setting = { ...all, schedule: { crontab: '* * * * *' } };
    const decisions = planDue(someDue(at('00:00'), setting), at('10:00:30'));
    expect(decisions).toHaveLength(MAX_CAUGHT_UP + 1);
    expect(decisions[0]).toEqual({ kind: 'skip', due: at('00:00'), until: at('08:21'), reason: MISSED.all });
    expect(decisions[1]).toEqual({ kind: 'launch', due: at('08:21'), isCatchUp: true });
    expect(decisions.at(-1)).toEqual({ kind: 'launch', due: at('10:00'), isCatchUp: false });
  });
});

const minute = fc.oneof(fc.constant('*'), fc.constant('*/7'), fc.nat(59).map(String));
const hour = fc.oneof(fc.constant('*'), fc.constant('*/5'), fc.nat(23).map(String));
const crontab = fc.tuple(minute, hour).map(([m, h]) => `${m} ${h} * * *`);
const blackouts = fc.uniqueArray(
  fc.constantFrom('MON-FRI 08:00-18:00', '22:00-02:00', 'SUN 00:00-24:00', '12:30-12:31'),
);

interface History {
  readonly crontab: string;
  readonly blackouts: readonly string[];
  readonly missed_runs: 'once' | 'skip' | 'all';
  readonly jitter: number;
  readonly timezone: string;
  /** Minutes between two looks at the clock; a long one is a time without a scheduler. */
  readonly looks: readonly number[];
}

const history: fc.Arbitrary<History> = fc.record({
  crontab,
  blackouts,
  missed_runs: fc.constantFrom('once' as const, 'skip' as const, 'all' as const),
  jitter: fc.constantFrom(0, 0, 1_000, 1_234_567),
  timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns'),
  looks: fc.array(fc.oneof({ weight: 6, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) }, fc.nat(3_000)), {
    minLength: 1,
    maxLength: 60,
  }),
});

/** From `from` to before `until`. */
interface Handled {
  readonly from: number;
  readonly until: number;
}

const handledBy = (decision: DueDecision): Handled => {
  const until = decision.kind === 'skip' ? decision.until : null;
  return { from: decision.due, until: until ?? decision.due + 1 };
};

const checkLaunch = ({ missed_runs, jitter, ...schedule }: History, due: number, now: number): void => {
  expect(due + jitter).toBeLessThanOrEqual(now);
  const isMissed = due + jitter < now - GRACE_MILLIS;
  if (isMissed) expect(missed_runs).not.toBe('skip');
  const instants = [due, due + jitter, ...(isMissed ? [now] : [])];
  for (const instant of instants) expect(windowAt({ name: 'x', ...schedule }, instant)).toBeUndefined();
};

/** Decides at every look. */
const live = (given: History, begin: number): { readonly handled: readonly Handled[]; readonly now: number } => {
  const { looks, missed_runs, jitter, ...schedule } = given;
  const handled: Handled[] = [];
  let now = begin;
  for (const minutes of looks) {
    now += Math.round(minutes * 60_000);
    const last = (handled.at(-1)?.until ?? begin + 1) - 1;
    const first = latestOccurrences(schedule, last, now - jitter, 10_000).times.find((time) => time > last);
    if (first === undefined) continue;
    for (const decision of planDue(someDue(first, { entry: { missed_runs }, schedule }, jitter), now)) {
      if (decision.kind === 'launch') checkLaunch(given, decision.due, now);
      handled.push(handledBy(decision));
    }
  }
  return { handled, now };
};

describe('any schedule and any times of looking', () => {
  it('launches or skips each occurrence once and in order, whenever it looks, and starts nothing in a window', () => {
    fc.assert(
      fc.property(history, (given) => {
        // In the night before the clocks change in Berlin.
        const begin = Date.parse('2026-03-28T20:00:00Z');
        const { handled, now } = live(given, begin);
        const last = (handled.at(-1)?.until ?? begin + 1) - 1;
        expect(handled).toEqual(handled.toSorted((a, b) => a.from - b.from));
        const { times } = latestOccurrences(given, begin, now - given.jitter, 1_000_000);
        for (const occurrence of times.filter((time) => time > begin)) {
          const count = handled.filter(({ from, until }) => from <= occurrence && occurrence < until).length;
          expect(count).toBe(occurrence > last ? 0 : 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
