import {
  POLICY_DEFAULTS,
  REPOSITORY_DEFAULTS,
  SCHEDULE_DEFAULTS,
  type PolicyEvent,
  type OccurrenceEvent,
  type OccurrenceKind,
} from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { someEntry, someRepository, someRows, someSchedule, type Setting } from '../testing/timetable-fixture.ts';
import { jitterOf } from './entry-history.ts';
import { latestOccurrences, occurrenceAfter } from './occurrences.ts';
import { createTimetable, type Timetable, type TimetableEvent } from './timetable.ts';

const at = (time: string): number => Date.parse(`2026-03-01T${time}Z`);
const iso = (time: string): string => new Date(at(time)).toISOString();

const timetable = (setting: Setting = {}): Timetable => createTimetable(someRows(setting));

/** The first open occurrence of each entry that is due. */
const due = (table: Timetable, time: string): string[] =>
  table.due(at(time)).map(({ first }) => new Date(first).toISOString().slice(11, 16));

const happened = (table: Timetable, time: string, ...events: readonly TimetableEvent[]): Timetable => {
  for (const event of events) table.evolve({ ...event, metadata: { occurredAt: iso(time) } });
  return table;
};

const skipped = (due_at: string, until: string | null = null, kind: OccurrenceKind = 'backup'): OccurrenceEvent => ({
  type: 'occurrence-skipped',
  data: { policy: 'p', repository: null, kind, due_at, until, reason: 'x' },
});

const setting = (key: string, value: string): TimetableEvent => ({ type: 'setting-changed', data: { key, value } });

describe('an entry', () => {
  it.each<[string, Timetable, string, string[]]>([
    ['not before its time', timetable(), '00:59:59', []],
    ['at its time', timetable(), '01:00', ['01:00']],
    ['from its first occurrence that was missed', timetable(), '05:30', ['01:00']],
    ['again after its last occurrence', timetable({ entry: { last_occurrence: iso('02:00') } }), '03:00', ['03:00']],
    ['not without a schedule', timetable({ entry: { schedule: null } }), '05:00', []],
    ['not while it is disabled', timetable({ entry: { enabled: false } }), '05:00', []],
    ['not while its schedule is disabled', timetable({ schedule: { enabled: false } }), '05:00', []],
    ['not while its repository is disabled', timetable({ repository: { enabled: false } }), '05:00', []],
    ['not when its schedule is gone', timetable({ entry: { schedule: 99 } }), '05:00', []],
    ['never by a crontab that is not valid', timetable({ schedule: { crontab: 'often' } }), '05:00', []],
    ['never in a time zone that does not exist', timetable({ schedule: { timezone: 'Mars/North' } }), '05:00', []],
    [
      'by the clock of its time zone',
      timetable({ schedule: { crontab: '0 3 * * *', timezone: 'Europe/Berlin' } }),
      '02:00',
      ['02:00'],
    ],
    [
      'not for occurrences before it was changed',
      timetable({ entry: { valid_from: iso('04:30') } }),
      '05:30',
      ['05:00'],
    ],
    [
      'not for occurrences before its schedule was',
      timetable({ schedule: { valid_from: iso('04:30') } }),
      '05:30',
      ['05:00'],
    ],
    [
      'not for occurrences before its repository was enabled',
      timetable({ repository: { valid_from: iso('04:30') } }),
      '05:30',
      ['05:00'],
    ],
  ])('is due %s', (_name, table, now, expected) => {
    expect(due(table, now)).toEqual(expected);
  });

  it.each<[string, TimetableEvent, string[]]>([
    ['an occurrence that was skipped', skipped(iso('01:00')), ['02:00']],
    ['occurrences for which a later one stands', skipped(iso('01:00'), iso('03:00')), ['03:00']],
    ['a skipped occurrence of another kind', skipped(iso('02:00'), null, 'drill'), ['01:00']],
    ['a new crontab', { type: 'schedule-changed', data: { uuid: 's', crontab: '*/20 * * * *' } }, ['01:00']],
    ['the same crontab again', { type: 'schedule-changed', data: { uuid: 's', crontab: '0 * * * *' } }, ['01:00']],
    ['a new name of the schedule', { type: 'schedule-changed', data: { uuid: 's', name: 'x' } }, ['01:00']],
    ['a new name of the policy', { type: 'policy-changed', data: { uuid: 'p', name: 'x' } }, ['01:00']],
    ['a new rule for missed runs', { type: 'policy-changed', data: { uuid: 'p', missed_runs: 'all' } }, ['01:00']],
    ['a new drill schedule', { type: 'policy-changed', data: { uuid: 'p', drill_schedule: 2 } }, ['01:00']],
    ['a policy that is removed', { type: 'policy-removed', data: { uuid: 'p', id: 1 } }, []],
    ['a schedule that is removed', { type: 'schedule-removed', data: { uuid: 's', id: 2 } }, ['01:00']],
    ['a repository that is disabled', { type: 'repository-changed', data: { uuid: 'r', enabled: false } }, ['01:00']],
    ['another policy', { type: 'policy-removed', data: { uuid: 'q', id: 9 } }, ['01:00']],
  ])('is due as it should be at 03:20 after %s at 02:30', (_name, event, expected) => {
    const table = timetable();
    expect(due(table, '03:20')).toEqual(['01:00']);
    expect(due(happened(table, '02:30', event), '03:20')).toEqual(expected);
  });

  it.each<[string, Setting, TimetableEvent]>([
    ['an occurrence', {}, skipped('2026-03-02T00:00:00Z')],
    ['an occurrence before the start', { entry: { last_occurrence: '2026-03-02T00:00:00Z' } }, skipped(iso('02:00'))],
    ['a policy', { entry: { valid_from: '2026-03-02T00:00:00Z' } }, skipped(iso('02:00'))],
    ['a schedule', { schedule: { valid_from: '2026-03-02T00:00:00Z' } }, skipped(iso('02:00'))],
  ])('does not wait for the time at which a clock that was a day ahead recorded %s', (_name, ahead, event) => {
    const table = createTimetable(someRows(ahead), { now: () => at('02:30') });
    expect(due(happened(table, '02:30', event), '03:20')).toEqual(['03:00']);
  });

  it('is due after the occurrence that was decided last, though one ahead of it was decided before', () => {
    const table = timetable();
    happened(table, '01:00', skipped(iso('01:00')), skipped(iso('09:00')), skipped(iso('02:00')));
    expect(due(table, '03:20')).toEqual(['03:00']);
  });

  it('passes occurrences that were decided before, but never goes back', () => {
    const table = timetable();
    table.pass({ subject: 'p', kind: 'backup' }, at('02:00'));
    table.pass({ subject: 'p', kind: 'backup' }, at('01:00'));
    expect(due(table, '03:20')).toEqual(['03:00']);
  });

  it('tells the earliest start of all as the next one', () => {
    expect(timetable().nextDue()).toBe(at('01:00'));
    expect(timetable({ entry: { enabled: false } }).nextDue()).toBeUndefined();
  });
});

describe('the entries', () => {
  const kinds = (table: Timetable, time: string): string[] =>
    table
      .due(at(time))
      .map(({ entry }) => entry.kind)
      .sort();
  const policy: PolicyEvent = {
    type: 'policy-registered',
    data: {
      ...POLICY_DEFAULTS,
      uuid: 'p',
      id: 1,
      name: 'p',
      extra_vars: '',
      clients: [],
      repository: 3,
      schedule: 2,
      policy_type: 'folders',
      keep_hourly: null,
      keep_daily: null,
      keep_weekly: null,
      keep_monthly: null,
      keep_yearly: null,
      vmprovider: '',
      mode_pull: false,
      enabled: true,
      prehook: '',
      posthook: '',
      missed_runs: 'all',
      overlap: 'queue',
    },
  };
  const repository: TimetableEvent = {
    type: 'repository-registered',
    data: {
      ...REPOSITORY_DEFAULTS,
      uuid: 'r',
      id: 3,
      name: 'r',
      path: '/r',
      repository_key: 'x',
      ready: true,
      enabled: true,
    },
  };
  const schedule: TimetableEvent = {
    type: 'schedule-registered',
    data: { ...SCHEDULE_DEFAULTS, uuid: 's', id: 2, name: 's', crontab: '0 * * * *', timezone: 'UTC', enabled: true },
  };
  const empty = (): Timetable => createTimetable({ entries: [], schedules: [], repositories: [] });
  const registered = (): Timetable => happened(empty(), '00:30', policy, repository, schedule);

  it('has entries for a policy’s backups and, with a schedule for them, its drills', () => {
    const table = registered();
    expect(table.due(at('01:00'))).toMatchObject([
      { first: at('01:00'), entry: { kind: 'backup', id: 1, missed_runs: 'all', overlap: 'queue' } },
    ]);
    happened(table, '01:30', { type: 'policy-changed', data: { uuid: 'p', drill_schedule: 2 } });
    expect(
      table
        .due(at('02:30'))
        .map(({ entry, first }) => [entry.kind, first])
        .sort(),
    ).toEqual([
      ['backup', at('01:00')],
      ['drill', at('02:00')],
    ]);
    happened(table, '02:40', { type: 'policy-changed', data: { uuid: 'p', drill_schedule: null } });
    // The drills that were due are to be accounted for still.
    expect(kinds(table, '05:00')).toEqual(['backup', 'drill']);
    happened(table, '02:45', skipped(iso('02:00'), null, 'drill'));
    expect(kinds(table, '05:00')).toEqual(['backup']);
  });

  it('has entries for a repository’s checks, on schedules of their own', () => {
    const table = registered();
    happened(table, '00:40', { type: 'policy-removed', data: { uuid: 'p', id: 1 } });
    expect(kinds(table, '05:00')).toEqual([]);
    happened(table, '00:50', { type: 'repository-changed', data: { uuid: 'r', check_schedule: 2 } });
    expect(kinds(table, '05:00')).toEqual(['check']);
    happened(table, '01:10', { type: 'repository-changed', data: { uuid: 'r', integrity_schedule: 2 } });
    expect(
      table
        .due(at('05:00'))
        .map(({ entry, first }) => [entry.kind, first])
        .sort(),
    ).toEqual([
      ['check', at('01:00')],
      ['integrity', at('02:00')],
    ]);
    happened(table, '02:00', { type: 'repository-removed', data: { uuid: 'r', id: 3 } });
    expect(kinds(table, '05:00')).toEqual([]);
  });

  it('lets a repository without a schedule for its integrity follow the settings', () => {
    const table = happened(empty(), '00:30', repository, schedule);
    happened(table, '01:30', setting('cyborgbackup_integrity_check', 'True'));
    // The crontab that holds until it is changed.
    expect(due(table, '19:59')).toEqual([]);
    expect(due(table, '20:00')).toEqual(['20:00']);
    happened(table, '02:00', setting('cyborgbackup_ic_cron', '15 3 * * *'));
    expect(due(table, '20:00')).toEqual(['03:15']);
    expect(table.due(at('20:00'))).toMatchObject([{ entry: { kind: 'integrity' }, schedule: { id: 0 } }]);
    happened(table, '02:10', setting('cyborgbackup_url', 'x'));
    happened(table, '02:20', { type: 'repository-changed', data: { uuid: 'r', integrity_schedule: 2 } });
    expect(due(table, '20:00')).toEqual(['03:00']);
    happened(table, '02:30', { type: 'repository-changed', data: { uuid: 'r', integrity_schedule: null } });
    expect(due(table, '20:00')).toEqual(['03:15']);
    happened(table, '02:40', setting('cyborgbackup_integrity_check', 'False'));
    expect(due(table, '20:00')).toEqual([]);
  });
});

describe('jitter', () => {
  it('delays the start by the jitter, not the due time', () => {
    const jitter = jitterOf('p', 3_600);
    expect(jitter).toBeGreaterThan(60_000);
    const table = timetable({ schedule: { jitter: 3_600 } });
    expect(table.nextDue()).toBe(at('01:00') + jitter);
    expect(table.due(at('01:00') + jitter - 1)).toEqual([]);
    expect(table.due(at('01:00') + jitter)).toMatchObject([{ first: at('01:00') }]);
  });

  it('spreads the starts of policies evenly, each with a jitter of its own', () => {
    const uuids = Array.from({ length: 2_000 }, () => randomUUID());
    const offsets = uuids.map((uuid) => jitterOf(uuid, 600));
    expect(uuids.map((uuid) => jitterOf(uuid, 600))).toEqual(offsets);
    const perMinute = Array.from({ length: 10 }, (_, n) => offsets.filter((p) => Math.floor(p / 60_000) === n).length);
    expect(Math.min(...perMinute)).toBeGreaterThan(130);
    expect(Math.max(...offsets)).toBeLessThan(600_000);
    expect(jitterOf(randomUUID(), 0)).toBe(0);
  });
});

describe('latestOccurrences', () => {
  const latest = (crontab: string, first: string, now: string, limit: number): string[] => {
    const times = { crontab, timezone: 'UTC' };
    const begun = performance.now();
    const found = latestOccurrences(times, Date.parse(first), Date.parse(now), limit);
    expect(performance.now() - begun).toBeLessThan(100);
    const listed = found.times.map((millis) => new Date(millis).toISOString().slice(0, 16));
    return found.isCut ? ['…', ...listed] : listed;
  };

  it.each<[string, string, string, string[]]>([
    ['* * * * *', '2020-01-01T00:01Z', '2026-03-01T12:34:30Z', ['…', '2026-03-01T12:33', '2026-03-01T12:34']],
    ['0 5 * * *', '2020-01-01T05:00Z', '2026-03-01T04:59Z', ['…', '2026-02-27T05:00', '2026-02-28T05:00']],
    ['0 0 1 1 *', '2020-01-01T00:00Z', '2026-03-01T00:00Z', ['…', '2025-01-01T00:00', '2026-01-01T00:00']],
    ['0 0 29 2 *', '2020-02-29T00:00Z', '2026-03-01T00:00Z', ['2020-02-29T00:00', '2024-02-29T00:00']],
    ['0 0 29 2 *', '2024-02-29T00:00Z', '2026-03-01T00:00Z', ['2024-02-29T00:00']],
    ['0 5 * * *', '2026-03-01T05:00Z', '2026-03-01T05:00Z', ['2026-03-01T05:00']],
  ])('finds the latest times of "%s" since %s, at %s', (crontab, first, now, expected) => {
    expect(latest(crontab, first, now, 2)).toEqual(expected);
  });

  it('finds no time after the last one of a schedule', () => {
    expect(occurrenceAfter({ crontab: '0 0 1 1 * 2020', timezone: 'UTC' }, at('00:00'))).toBeUndefined();
  });
});

describe('a large timetable', () => {
  it('finds what is due without a look at what is not', () => {
    const entries = Array.from({ length: 20_000 }, (_, n) => someEntry({ subject: `p${n}`, id: n, schedule: n % 50 }));
    const schedules = Array.from({ length: 50 }, (_, n) =>
      someSchedule({ uuid: `s${n}`, id: n, crontab: `${n} 5 * * *` }),
    );
    const table = createTimetable({ entries, schedules, repositories: [someRepository()] });
    expect(table.due(at('05:00'))).toHaveLength(400);
    const begun = performance.now();
    for (let n = 0; n < 1_000; n += 1) {
      table.due(at('04:59'));
      table.nextDue();
    }
    expect((performance.now() - begun) / 1_000).toBeLessThan(0.1);
  });
});
