import type { ScheduleSlotEvent } from '@cyborgbackup/contracts';
import { describe, expect, it } from 'vitest';
import { latestOccurrence, occurrenceAfter } from './occurrences.ts';
import { slotDecider } from './slot-decider.ts';
import { createTimetable, type DuePolicy, type Timetable, type TimetableEvent } from './timetable.ts';
import type { TimetablePolicy, TimetableRepository, TimetableSchedule } from './timetable-rows.ts';

const at = (time: string): number => Date.parse(`2026-03-01T${time}Z`);
const iso = (time: string): string => new Date(at(time)).toISOString();

interface Setting {
  readonly policy?: Partial<TimetablePolicy>;
  readonly schedule?: Partial<TimetableSchedule>;
  readonly repository?: Partial<TimetableRepository>;
}

const timetable = ({ policy, schedule, repository }: Setting = {}): Timetable =>
  createTimetable({
    policies: [
      { uuid: 'p', id: 1, schedule: 2, repository: 3, enabled: true, since: iso('00:00'), last_slot: null, ...policy },
    ],
    schedules: [
      { uuid: 's', id: 2, crontab: '0 * * * *', timezone: 'UTC', enabled: true, since: iso('00:00'), ...schedule },
    ],
    repositories: [{ uuid: 'r', id: 3, enabled: true, since: iso('00:00'), ...repository }],
  });

const due = (table: Timetable, time: string): (readonly [string, string])[] =>
  table
    .due(at(time))
    .map(
      ({ first, latest }: DuePolicy) =>
        [first, latest].map((millis) => new Date(millis).toISOString().slice(11, 16)) as [string, string],
    );

const happened = (table: Timetable, time: string, event: TimetableEvent): Timetable => {
  table.evolve({ ...event, metadata: { occurredAt: iso(time) } });
  return table;
};

const skipped = (due_at: string, until: string | null = null): ScheduleSlotEvent => ({
  type: 'schedule-slot-skipped',
  data: { policy: 'p', due_at, until, reason: 'x' },
});

describe('a policy is due', () => {
  it.each<[string, Timetable, string, (readonly [string, string])[]]>([
    ['not before its time', timetable(), '00:59:59', []],
    ['at its time', timetable(), '01:00', [['01:00', '01:00']]],
    ['once for all that was missed', timetable(), '05:30', [['01:00', '05:00']]],
    ['again after its last slot', timetable({ policy: { last_slot: iso('02:00') } }), '03:00', [['03:00', '03:00']]],
    ['not while it is disabled', timetable({ policy: { enabled: false } }), '05:00', []],
    ['not while its schedule is disabled', timetable({ schedule: { enabled: false } }), '05:00', []],
    ['not while its repository is disabled', timetable({ repository: { enabled: false } }), '05:00', []],
    ['not without a schedule', timetable({ policy: { schedule: 99 } }), '05:00', []],
    ['never by a crontab that nobody understands', timetable({ schedule: { crontab: 'often' } }), '05:00', []],
    ['never in a time zone that nobody knows', timetable({ schedule: { timezone: 'Mars/North' } }), '05:00', []],
    [
      'by the clock of its time zone',
      timetable({ schedule: { crontab: '0 3 * * *', timezone: 'Europe/Berlin' } }),
      '02:00',
      [['02:00', '02:00']],
    ],
    [
      'not for slots before the policy was changed',
      timetable({ policy: { since: iso('04:30') } }),
      '05:30',
      [['05:00', '05:00']],
    ],
    [
      'not for slots before the schedule was changed',
      timetable({ schedule: { since: iso('04:30') } }),
      '05:30',
      [['05:00', '05:00']],
    ],
    [
      'not for slots before the repository was enabled',
      timetable({ repository: { since: iso('04:30') } }),
      '05:30',
      [['05:00', '05:00']],
    ],
  ])('%s', (_name, table, now, expected) => {
    expect(due(table, now)).toEqual(expected);
  });

  it.each<[string, TimetableEvent, (readonly [string, string])[]]>([
    ['a slot that was skipped', skipped(iso('01:00')), [['02:00', '03:00']]],
    ['slots for which a later one stands', skipped(iso('01:00'), iso('03:00')), [['03:00', '03:00']]],
    ['a new crontab', { type: 'schedule-changed', data: { uuid: 's', crontab: '*/20 * * * *' } }, [['02:40', '03:20']]],
    [
      'the same crontab again',
      { type: 'schedule-changed', data: { uuid: 's', crontab: '0 * * * *' } },
      [['01:00', '03:00']],
    ],
    ['a new name of the schedule', { type: 'schedule-changed', data: { uuid: 's', name: 'x' } }, [['01:00', '03:00']]],
    ['a new name of the policy', { type: 'policy-changed', data: { uuid: 'p', name: 'x' } }, [['01:00', '03:00']]],
    ['a policy that is removed', { type: 'policy-removed', data: { uuid: 'p', id: 1 } }, []],
    ['a schedule that is removed', { type: 'schedule-removed', data: { uuid: 's', id: 2 } }, []],
    ['a repository that is disabled', { type: 'repository-changed', data: { uuid: 'r', enabled: false } }, []],
    ['another policy', { type: 'policy-removed', data: { uuid: 'q', id: 9 } }, [['01:00', '03:00']]],
  ])('at 03:20 after %s at 02:30', (_name, event, expected) => {
    const table = timetable();
    expect(due(table, '03:20')).toEqual([['01:00', '03:00']]);
    expect(due(happened(table, '02:30', event), '03:20')).toEqual(expected);
  });

  it('next at the earliest slot of all', () => {
    expect(timetable().nextDue()).toBe(at('01:00'));
    expect(timetable({ policy: { enabled: false } }).nextDue()).toBeUndefined();
  });

  it('within a millisecond for 2,000 policies', () => {
    const policies = Array.from({ length: 2_000 }, (_, n) => ({
      uuid: `p${n}`,
      id: n,
      schedule: n % 50,
      repository: 3,
      enabled: true,
      since: iso('00:00'),
      last_slot: null,
    }));
    const schedules = Array.from({ length: 50 }, (_, n) => ({
      uuid: `s${n}`,
      id: n,
      crontab: `${n} 5 * * *`,
      timezone: 'UTC',
      enabled: true,
      since: iso('00:00'),
    }));
    const table = createTimetable({
      policies,
      schedules,
      repositories: [{ uuid: 'r', id: 3, enabled: true, since: iso('00:00') }],
    });
    expect(table.due(at('05:00'))).toHaveLength(40);
    const begun = performance.now();
    for (let n = 0; n < 100; n += 1) table.due(at('04:59'));
    expect((performance.now() - begun) / 100).toBeLessThan(5);
  });
});

describe('the latest of missed slots', () => {
  it.each<[string, string, string, string]>([
    ['* * * * *', '2020-01-01T00:01Z', '2026-03-01T12:34:30Z', '2026-03-01T12:34Z'],
    ['0 5 * * *', '2020-01-01T05:00Z', '2026-03-01T04:59Z', '2026-02-28T05:00Z'],
    ['0 0 1 1 *', '2020-01-01T00:00Z', '2026-03-01T00:00Z', '2026-01-01T00:00Z'],
    ['0 0 29 2 *', '2020-02-29T00:00Z', '2026-03-01T00:00Z', '2024-02-29T00:00Z'],
    ['0 0 29 2 *', '2024-02-29T00:00Z', '2026-03-01T00:00Z', '2024-02-29T00:00Z'],
  ])('of "%s" since %s, at %s', (crontab, first, now, expected) => {
    const times = { crontab, timezone: 'UTC' };
    const begun = performance.now();
    expect(new Date(latestOccurrence(times, Date.parse(first), Date.parse(now)))).toEqual(new Date(expected));
    expect(performance.now() - begun).toBeLessThan(50);
  });

  it('of a schedule that has no more', () => {
    expect(occurrenceAfter({ crontab: '0 0 1 1 * 2020', timezone: 'UTC' }, at('00:00'))).toBeUndefined();
  });
});

describe('a skipped slot', () => {
  const decide = (given: ScheduleSlotEvent[], slot: ScheduleSlotEvent): number =>
    slotDecider.decide(slot.data, given.reduce(slotDecider.evolve, slotDecider.initialState)).length;

  it.each<[string, ScheduleSlotEvent[], ScheduleSlotEvent, number]>([
    ['is recorded', [], skipped(iso('01:00')), 1],
    ['is not recorded twice', [skipped(iso('01:00'))], skipped(iso('01:00')), 0],
    ['is recorded after an earlier one', [skipped(iso('01:00'))], skipped(iso('02:00')), 1],
    ['is not recorded when a later one stands for it', [skipped(iso('01:00'), iso('03:00'))], skipped(iso('02:00')), 0],
    ['that stood for others is still open', [skipped(iso('01:00'), iso('03:00'))], skipped(iso('03:00')), 1],
  ])('%s', (_name, given, slot, expected) => {
    expect(decide(given, slot)).toBe(expected);
  });
});
