import type { TimetableEntry, TimetableRepository, TimetableSchedule } from '@cyborgbackup/read-models';
import { jitterOf } from './jitter.ts';
import { latestOccurrences, occurrenceAfter, type Occurrences } from './occurrences.ts';
import { changesOf, rowAt, type Remembering } from './row-fold.ts';

/** What held for an entry between two changes. All times in milliseconds since 1970. */
export interface Term {
  readonly after: number;
  /** The change itself included; infinity for what holds now. */
  readonly until: number;
  /** As it was; undefined for none. */
  readonly schedule: TimetableSchedule | undefined;
  /** Milliseconds by which what is due is started later. */
  readonly jitter: number;
  /** Why nothing is due, and nothing started any more, in one sentence; undefined for what is due by the schedule. */
  readonly off: string | undefined;
}

/** All that held for an entry since its last slot that was settled. */
export interface Timeline {
  /** The oldest first. */
  readonly past: readonly Term[];
  readonly now: Term;
}

const termsOf = ({ past, now }: Timeline): readonly Term[] => [...past, now];

/** By their ids. */
export interface Things {
  readonly schedules: ReadonlyMap<number, TimetableSchedule>;
  readonly repositories: ReadonlyMap<number, TimetableRepository>;
}

const scheduleIn = ({ schedules }: Things, id: number | null | undefined): TimetableSchedule | undefined =>
  schedules.get(id ?? NaN);

/** When anything changed after that time that the entry depended on, ascending. */
const changesFor = (entry: TimetableEntry, things: Things, after: number): readonly number[] => {
  const changes = new Set<number>();
  const note = (row: Remembering<object> | undefined): void => {
    for (const at of row ? changesOf(row) : []) if (at > after) changes.add(at);
  };
  note(entry);
  for (const { schedule, repository } of [entry, ...entry.history]) {
    note(scheduleIn(things, schedule));
    note(things.repositories.get(repository));
  }
  return [...changes].sort((a, b) => a - b);
};

export const timelineOf = (entry: TimetableEntry, things: Things): Timeline => {
  let after = Math.max(Date.parse(entry.valid_from), Date.parse(entry.last_occurrence ?? entry.valid_from));
  const past: Term[] = [];
  for (const until of changesFor(entry, things, after)) {
    past.push(termAt(entry, things, { after, until }));
    after = until;
  }
  return { past, now: termAt(entry, things, { after, until: Infinity }) };
};

const termAt = (now: TimetableEntry, things: Things, time: Pick<Term, 'after' | 'until'>): Term => {
  const entry = rowAt(now, time.until);
  const schedule = rowAt(scheduleIn(things, entry?.schedule), time.until);
  const repository = rowAt(things.repositories.get(entry?.repository ?? NaN), time.until);
  const jitter = schedule ? jitterOf(now.subject, schedule.jitter) : 0;
  return { ...time, schedule, jitter, off: whyOff(entry, schedule, repository) };
};

const MEANWHILE = 'before this could be started.';

const whyOff = (
  entry: TimetableEntry | undefined,
  schedule: TimetableSchedule | undefined,
  repository: TimetableRepository | undefined,
): string | undefined => {
  if (!entry?.enabled) return `The policy was switched off ${MEANWHILE}`;
  if (!schedule) return `The schedule was taken away ${MEANWHILE}`;
  if (!schedule.enabled) return `The schedule "${schedule.name}" was switched off ${MEANWHILE}`;
  return repository?.enabled ? undefined : `The repository was switched off ${MEANWHILE}`;
};

/** A time at which something is due, and the schedule that says so. */
export interface Slot {
  readonly due: number;
  readonly schedule: TimetableSchedule;
}

const slotAfter = ({ schedule, off, until }: Term, after: number): Slot | undefined => {
  const due = schedule && off === undefined ? occurrenceAfter(schedule, after) : undefined;
  return schedule && due !== undefined && due <= until ? { due, schedule } : undefined;
};

/** The first of all; undefined when there is none. */
export const firstSlot = (timeline: Timeline): Slot | undefined => {
  for (const term of termsOf(timeline)) {
    const slot = slotAfter(term, term.after);
    if (slot) return slot;
  }
  return undefined;
};

/** The latest slots from `first` up to `until`, at most so many. */
export const latestSlots = (timeline: Timeline, first: number, until: number, most: number): Occurrences => {
  let times: readonly number[] = [];
  for (const term of termsOf(timeline).toReversed()) {
    const slot = slotAfter(term, Math.max(term.after, first - 1));
    const end = Math.min(term.until, until);
    if (!slot || slot.due > end) continue;
    // One more than wanted tells that there are more.
    times = [...latestOccurrences(slot.schedule, slot.due, end, most + 1 - times.length).times, ...times];
    if (times.length > most) break;
  }
  return { times: times.slice(-most), isCut: times.length > most };
};

/**
 * When a slot is to be started: once its jitter is over, as that is at the moment. So when the jitter is cut and would have
 * been over already, that is at the change: the slot is not late for it.
 */
export const startOf = ({ past, now }: Timeline, due: number): number =>
  past.reduceRight(
    (start, { until, jitter }) => (start < until ? Math.min(until, Math.max(start, due + jitter)) : start),
    due + now.jitter,
  );
