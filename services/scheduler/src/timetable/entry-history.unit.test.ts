import type { TimetableEntry } from '@cyborgbackup/read-models';
import { describe, expect, it } from 'vitest';
import { someEntry, someRepository, someRows, someSchedule, type Setting } from '../testing/timetable-fixture.ts';
import { planDue, MISSED, type DueDecision } from './plan-due.ts';
import { jitterOf } from './entry-history.ts';
import { MAX_PAST } from './rows/row-history.ts';
import { evolveEntry } from './rows/timetable-entry.ts';
import { createTimetable, type Timetable, type TimetableEvent } from './timetable.ts';

type Tested = Extract<
  TimetableEvent,
  { type: 'schedule-changed' | 'repository-changed' | 'policy-changed' | 'occurrence-skipped' }
>;

const BEGIN = Date.parse('2026-03-01T00:00:00Z');
const at = (time: string): number => Date.parse(`2026-03-01T${time}Z`);
const iso = (millis: number): string => new Date(millis).toISOString();
const clock = (millis: number): string => iso(millis).slice(11, 16);

/** `01:00` for a launch, `-01:00 reason` or `-01:00..03:00 reason` for skipped occurrences. */
const outlineOf = (decision: DueDecision): string => {
  if (decision.kind === 'launch') return clock(decision.due);
  const until = decision.until === null ? '' : `..${clock(decision.until)}`;
  const [reason] = Object.entries(MISSED).find(([, text]) => text === decision.reason) ?? [decision.reason];
  return `-${clock(decision.due)}${until} ${reason}`;
};

const decide = (table: Timetable, now: number): string[] =>
  table.due(now).flatMap((due) => planDue(due, now).map(outlineOf));

const schedule = (changes: object): Tested => ({ type: 'schedule-changed', data: { uuid: 's', ...changes } });
const policy = (changes: object): Tested => ({ type: 'policy-changed', data: { uuid: 'p', ...changes } });
const repository = (changes: object): Tested => ({
  type: 'repository-changed',
  data: { uuid: 'r', ...changes },
});

type Edit = readonly [time: string, event: TimetableEvent];

/** Everything is due at the full hour, and started at 20 minutes and something past. */
const JITTER = 3_600;
const START = at('01:00') + jitterOf('p', JITTER);

const edited = (setting: Setting, edits: readonly Edit[]): Timetable => {
  const rows = someRows({ ...setting, schedule: { jitter: JITTER, ...setting.schedule } });
  // As the schedule, and the repository, to which the policy is moved.
  const table = createTimetable({
    ...rows,
    schedules: [...rows.schedules, someSchedule({ uuid: 't', id: 5, name: 'moved', crontab: '30 * * * *' })],
    repositories: [...rows.repositories, someRepository({ uuid: 'q', id: 6 })],
  });
  for (const [time, event] of edits) table.evolve({ ...event, metadata: { occurredAt: iso(at(time)) } });
  return table;
};

describe('an occurrence that waits for its start', () => {
  it.each<[string, readonly Edit[]]>([
    ['the jitter becomes a little longer', [['01:04', schedule({ jitter: JITTER + 1 })]]],
    ['the crontab becomes another', [['01:04', schedule({ crontab: '15 4 * * *' })]]],
    ['the time zone becomes another', [['01:04', schedule({ timezone: 'Asia/Kolkata' })]]],
    [
      'the schedule is switched off and on',
      [
        ['01:04', schedule({ enabled: false })],
        ['01:05', schedule({ enabled: true })],
      ],
    ],
    [
      'the policy is switched off and on',
      [
        ['01:04', policy({ enabled: false })],
        ['01:05', policy({ enabled: true })],
      ],
    ],
    [
      'the repository is switched off and on',
      [
        ['01:04', repository({ enabled: false })],
        ['01:05', repository({ enabled: true })],
      ],
    ],
    [
      'the policy gets another repository',
      [
        ['01:04', policy({ repository: 6 })],
        ['01:05', repository({ enabled: false })],
      ],
    ],
    [
      'all of that',
      [
        ['01:04', schedule({ jitter: JITTER + 1, crontab: '0 4 * * *' })],
        ['01:05', policy({ repository: 6 })],
      ],
    ],
  ])('is run once, though %s', (_name, edits) => {
    const table = edited({ entry: { missed_runs: 'skip' } }, edits);
    expect(decide(table, at('01:06'))).toEqual([]);
    expect(decide(table, START + 1_000)).toEqual(['01:00']);
    const run = {
      type: 'occurrence-skipped',
      data: { policy: 'p', repository: null, kind: 'backup', due_at: iso(at('01:00')), until: null, reason: '' },
    } as const;
    table.evolve({ ...run, metadata: { occurredAt: iso(START) } });
    expect(decide(table, START + 1_000)).toEqual([]);
  });

  it.each<[string, readonly Edit[], string]>([
    [
      'the policy is switched off',
      [['01:04', policy({ enabled: false })]],
      'The policy was switched off before this could be started.',
    ],
    [
      'the schedule is',
      [['01:04', schedule({ enabled: false })]],
      'The schedule "hourly" was switched off before this could be started.',
    ],
    [
      'the repository is',
      [['01:04', repository({ enabled: false })]],
      'The repository was switched off before this could be started.',
    ],
  ])('is skipped when it should start, if %s', (_name, edits, reason) => {
    const table = edited({}, edits);
    expect(decide(table, at('01:06'))).toEqual([]);
    expect(decide(table, START)).toEqual([`-01:00 ${reason}`]);
    // Nothing more is due as long as it is off.
    expect(decide(table, at('05:30'))).toEqual([`-01:00 ${reason}`]);
  });

  it('runs a waiting occurrence at once when the jitter is reduced, and does not count it as missed', () => {
    const table = edited({ entry: { missed_runs: 'skip' } }, [['01:10', schedule({ jitter: 0 })]]);
    expect(table.nextDue()).toBe(at('01:10'));
    expect(decide(table, at('01:11'))).toEqual(['01:00']);
    expect(decide(table, at('01:12'))).toEqual(['-01:00 skip']);
  });

  it('runs a waiting occurrence at once when its policy gets a schedule without jitter, and later ones by the new schedule', () => {
    const table = edited({ entry: { missed_runs: 'all' } }, [
      ['01:10', policy({ schedule: 5 })],
      ['01:11', { type: 'schedule-removed', data: { uuid: 's', id: 2 } }],
    ]);
    expect(decide(table, at('01:11'))).toEqual(['01:00']);
    expect(decide(table, at('02:30'))).toEqual(['01:00', '01:30', '02:30']);
  });
});

describe('missed occurrences', () => {
  const none = { schedule: { jitter: 0 } };
  it.each<[string, Setting, readonly Edit[], readonly [now: string, ...expected: string[]]]>([
    [
      'are caught up although the time zone was changed',
      none,
      [['01:00:03', schedule({ timezone: 'Asia/Kolkata' })]],
      ['01:20', '01:00'],
    ],
    [
      'are those of the old crontab up to the change, and of the new one after it',
      { ...none, entry: { missed_runs: 'all' } },
      [['03:00', schedule({ crontab: '0,20 * * * *' })]],
      ['04:10', '01:00', '02:00', '03:00', '03:20', '04:00'],
    ],
    [
      'have none while something was off',
      { ...none, entry: { missed_runs: 'all' } },
      [
        ['01:30', policy({ enabled: false })],
        ['03:30', policy({ enabled: true })],
        ['04:30', repository({ enabled: false })],
        ['05:30', repository({ enabled: true })],
      ],
      ['06:00', '01:00', '04:00', '06:00'],
    ],
    [
      'are skipped together if the policy is off',
      none,
      [['03:30', policy({ enabled: false })]],
      ['06:00', '-01:00..03:01 The policy was switched off before this could be started.'],
    ],
    [
      'are skipped if their schedule was taken away',
      { ...none, entry: { kind: 'drill' } },
      [['01:30', policy({ drill_schedule: null })]],
      ['06:00', '-01:00 The schedule was taken away before this could be started.'],
    ],
    [
      'wait for the end of a blackout whatever is edited',
      { schedule: { jitter: 0, crontab: '0 1 * * *', blackouts: ['01:30-05:00'] } },
      [['02:00', schedule({ timezone: 'Africa/Abidjan', crontab: '0 7 * * *' })]],
      ['05:00', '01:00'],
    ],
  ])('%s', (_name, setting, edits, [now, ...expected]) => {
    const table = edited(setting, edits);
    expect(decide(table, at(now))).toEqual(expected);
  });
});

describe('the history of a row', () => {
  const row = (edits: number): TimetableEntry => {
    const key = { subject: 'p', kind: 'backup' } as const;
    let entry = someEntry();
    for (let n = 1; n <= edits; n += 1) {
      const event: Tested = { type: 'policy-changed', data: { uuid: 'p', enabled: n % 2 === 0 } };
      entry = evolveEntry(entry, key, { ...event, metadata: { occurredAt: iso(BEGIN + n) } })!;
    }
    return entry;
  };

  it('keeps the latest fifty changes of a row only', () => {
    expect(row(MAX_PAST)).toMatchObject({ valid_from: iso(BEGIN), history: { length: MAX_PAST } });
    expect(row(MAX_PAST + 2)).toMatchObject({ valid_from: iso(BEGIN + 2), history: { length: MAX_PAST } });
  });

  it('forgets changes of a row before the last processed occurrence', () => {
    const skipped: Tested = {
      type: 'occurrence-skipped',
      data: { policy: 'p', repository: null, kind: 'backup', due_at: iso(BEGIN + 2), until: null, reason: '' },
    };
    const entry = evolveEntry(
      row(3),
      { subject: 'p', kind: 'backup' },
      { ...skipped, metadata: { occurredAt: iso(BEGIN + 3) } },
    );
    expect(entry).toMatchObject({ history: [{ until: iso(BEGIN + 3) }] });
  });
});
