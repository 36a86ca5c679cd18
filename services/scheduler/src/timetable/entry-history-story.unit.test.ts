import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { someRepository, someRows, someSchedule } from '../testing/timetable-fixture.ts';
import { planDue, MISSED, type DueDecision } from './plan-due.ts';
import { occurrenceAfter, type Recurrence } from './occurrences.ts';
import type { Recorded } from './rows/row-history.ts';
import { entryKeys, evolveEntry } from './rows/timetable-entry.ts';
import { evolveRepository } from './rows/timetable-repository.ts';
import { evolveSchedule } from './rows/timetable-schedule.ts';
import { createTimetable, type Timetable, type TimetableEvent, type TimetableRows } from './timetable.ts';

type Tested = Extract<
  TimetableEvent,
  { type: 'schedule-changed' | 'repository-changed' | 'policy-changed' | 'occurrence-skipped' }
>;

const BEGIN = Date.parse('2026-03-01T00:00:00Z');
const iso = (millis: number): string => new Date(millis).toISOString();
/** Seconds. */
const JITTER = 3_600;

const decide = (table: Timetable, now: number): readonly DueDecision[] =>
  table.due(now).flatMap((due) => planDue(due, now));

/** The tables, as they come back from the database. */
const createTables = (rows: TimetableRows) => {
  const kept = {
    entries: new Map(rows.entries.map((row) => [row.kind, row])),
    schedules: new Map(rows.schedules.map((row) => [row.uuid, row])),
    repositories: new Map(rows.repositories.map((row) => [row.uuid, row])),
  };
  const set = <Row>(table: Map<string, Row>, key: string, row: Row | null | undefined): void => {
    if (row) table.set(key, row);
  };
  return {
    evolve: (event: Recorded<Tested>): void => {
      if (event.type === 'schedule-changed') {
        const { uuid } = event.data;
        return set(kept.schedules, uuid, evolveSchedule(kept.schedules.get(uuid), event));
      }
      if (event.type === 'repository-changed') {
        const { uuid } = event.data;
        set(kept.repositories, uuid, evolveRepository(kept.repositories.get(uuid), event));
      }
      for (const key of entryKeys(event)) {
        set(kept.entries, key.kind, evolveEntry(kept.entries.get(key.kind), key, event));
      }
    },
    rows: (): TimetableRows =>
      JSON.parse(
        JSON.stringify({
          entries: [...kept.entries.values()],
          schedules: [...kept.schedules.values()],
          repositories: [...kept.repositories.values()],
        }),
      ) as TimetableRows,
  };
};

/** What is due at a time, in the plainest words. */
interface State {
  readonly enabled: boolean;
  readonly schedule: 2 | 5;
  readonly repository: 3 | 6;
  readonly schedules: Readonly<Record<2 | 5, Recurrence & { readonly enabled: boolean }>>;
  readonly repositories: Readonly<Record<3 | 6, boolean>>;
}

interface Edited {
  readonly event: Tested;
  readonly change: (state: State) => State;
}

const ofSchedule = (uuid: 's' | 't', changes: Partial<Recurrence & { enabled: boolean; jitter: number }>): Edited => {
  const id = uuid === 's' ? 2 : 5;
  return {
    event: { type: 'schedule-changed', data: { uuid, ...changes } },
    change: (state) => ({
      ...state,
      schedules: { ...state.schedules, [id]: { ...state.schedules[id], ...changes } },
    }),
  };
};
const ofPolicy = (changes: Partial<Pick<State, 'enabled' | 'schedule' | 'repository'>>): Edited => ({
  event: { type: 'policy-changed', data: { uuid: 'p', ...changes } },
  change: (state) => ({ ...state, ...changes }),
});
const ofRepository = (uuid: 'r' | 'q', enabled: boolean): Edited => ({
  event: { type: 'repository-changed', data: { uuid, enabled } },
  change: (state) => ({ ...state, repositories: { ...state.repositories, [uuid === 'r' ? 3 : 6]: enabled } }),
});

const uuids = fc.constantFrom('s' as const, 't' as const);
const crontabs = fc.constantFrom('*/7 * * * *', '0 * * * *', '15 */5 * * *', '30 3 * * *');
const timezones = fc.constantFrom('UTC', 'Asia/Kolkata', 'America/St_Johns');
const edit: fc.Arbitrary<Edited> = fc.oneof(
  fc.tuple(uuids, crontabs).map(([uuid, crontab]) => ofSchedule(uuid, { crontab })),
  fc.tuple(uuids, timezones).map(([uuid, timezone]) => ofSchedule(uuid, { timezone })),
  fc.tuple(uuids, fc.constantFrom(0, 60, JITTER)).map(([uuid, jitter]) => ofSchedule(uuid, { jitter })),
  fc.tuple(uuids, fc.boolean()).map(([uuid, enabled]) => ofSchedule(uuid, { enabled })),
  fc
    .record(
      {
        enabled: fc.boolean(),
        schedule: fc.constantFrom(2 as const, 5 as const),
        repository: fc.constantFrom(3 as const, 6 as const),
      },
      { requiredKeys: [] },
    )
    .map(ofPolicy),
  fc.tuple(fc.constantFrom('r' as const, 'q' as const), fc.boolean()).map(([uuid, on]) => ofRepository(uuid, on)),
);

interface Step {
  readonly minutes: number;
  readonly edit: Edited | undefined;
  /** 0 = no scheduler leads; a leader that dies writes no more than so many decisions. */
  readonly decisions: number;
}

interface Story {
  readonly missed_runs: 'once' | 'skip' | 'all';
  readonly steps: readonly Step[];
}

const storyOf = (minutes: fc.Arbitrary<number>, decisions: fc.Arbitrary<number>): fc.Arbitrary<Story> =>
  fc.record({
    missed_runs: fc.constantFrom('once' as const, 'skip' as const, 'all' as const),
    steps: fc.array(fc.record({ minutes, decisions, edit: fc.option(edit, { nil: undefined }) }), { maxLength: 40 }),
  });

const isOn = ({ enabled, schedule, schedules, repository, repositories }: State): boolean =>
  enabled && schedules[schedule].enabled && repositories[repository];

const dueIn = (state: State, after: number, until: number): number[] => {
  if (!isOn(state)) return [];
  const times = state.schedules[state.schedule];
  const found: number[] = [];
  for (let due = occurrenceAfter(times, after); due !== undefined && due <= until; due = occurrenceAfter(times, due)) {
    found.push(due);
  }
  return found;
};

/** Lives through a story: what should have been due up to its end, and what became of it. */
const live = ({ missed_runs, steps }: Story) => {
  const rows = {
    ...someRows({ entry: { missed_runs } }),
    schedules: [someSchedule(), someSchedule({ uuid: 't', id: 5, jitter: JITTER })],
    repositories: [someRepository(), someRepository({ uuid: 'q', id: 6 })],
  };
  const times = { crontab: '0 * * * *', timezone: 'UTC', enabled: true };
  let state: State = {
    enabled: true,
    schedule: 2,
    repository: 3,
    schedules: { 2: times, 5: times },
    repositories: { 3: true, 6: true },
  };
  const tables = createTables(rows);
  const table = createTimetable(rows);
  const happened = (event: Tested, now: number): void => {
    const occurred = { ...event, metadata: { occurredAt: iso(now) } };
    tables.evolve(occurred);
    table.evolve(occurred);
  };
  const occurrences: number[] = [];
  const decided: DueDecision[] = [];
  let now = BEGIN;
  const look = (limit: number): void => {
    const decisions = decide(table, now);
    // The next leader decides the same.
    expect(decide(createTimetable(tables.rows()), now)).toEqual(decisions);
    for (const decision of decisions.slice(0, limit)) {
      if (!isOn(state)) expect(decision.kind).toBe('skip');
      decided.push(decision);
      const until = decision.kind === 'skip' && decision.until !== null ? iso(decision.until) : null;
      const occurrence = {
        policy: 'p',
        repository: null,
        kind: 'backup',
        due_at: iso(decision.due),
        until,
        reason: '',
      } as const;
      happened({ type: 'occurrence-skipped', data: occurrence }, now);
    }
  };
  for (const step of [...steps, { minutes: 120, edit: undefined, decisions: Infinity }]) {
    const before = now;
    now += Math.round(step.minutes * 60_000);
    occurrences.push(...dueIn(state, before, now));
    look(step.decisions);
    if (!step.edit) continue;
    happened(step.edit.event, now);
    state = step.edit.change(state);
    look(step.decisions);
  }
  return { occurrences, decided, now };
};

const isMeant = (decision: DueDecision, occurrence: number): boolean =>
  decision.due === occurrence ||
  (decision.kind === 'skip' && decision.until !== null && decision.due <= occurrence && occurrence < decision.until);

describe('any history of edits and leaders', () => {
  it('launches or skips each occurrence once in any history of edits and leaders, and nothing else', () => {
    const minutes = fc.oneof(fc.double({ min: 0, max: 30, noNaN: true }), fc.nat(600));
    const decisions = fc.constantFrom(0, 0, 1, 2, Infinity);
    fc.assert(
      fc.property(storyOf(minutes, decisions), (story) => {
        const { occurrences, decided, now } = live(story);
        // What came within the last hour may still wait for its start.
        const isStarted = (occurrence: number): boolean => occurrence <= now - JITTER * 1_000;
        for (const occurrence of occurrences) {
          const count = decided.filter((decision) => isMeant(decision, occurrence)).length;
          if (isStarted(occurrence)) expect(count, iso(occurrence)).toBe(1);
          else expect(count).toBeLessThanOrEqual(1);
        }
        for (const { due } of decided) expect(occurrences, iso(due)).toContain(due);
      }),
      { numRuns: 300 },
    );
  });

  it('misses no occurrence while a scheduler leads', () => {
    fc.assert(
      fc.property(storyOf(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(Infinity)), ({ steps }) => {
        const { decided, now } = live({ missed_runs: 'skip', steps });
        // The end comes after two hours without a leader.
        const before = decided.filter(({ due }) => due < now - 120 * 60_000 - JITTER * 1_000);
        for (const decision of before) expect(decision).not.toMatchObject({ reason: MISSED.skip });
      }),
      { numRuns: 300 },
    );
  });
});
