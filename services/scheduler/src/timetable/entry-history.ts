import type { TimetableEntry, TimetableRepository, TimetableSchedule } from '@cyborgbackup/read-models';
import { createHash } from 'node:crypto';
import { latestOccurrences, latestOf, occurrenceAfter, type Occurrences } from './occurrences.ts';
import { changeTimes, rowAt, type WithHistory } from './rows/row-history.ts';

/** What held for an entry between two changes. All times in milliseconds since 1970. */
export interface Validity {
  readonly after: number;
  /** The time of the change, for which it holds too; infinity = it holds now. */
  readonly until: number;
  /** As it was; undefined for none. */
  readonly schedule: TimetableSchedule | undefined;
  /** Milliseconds by which what is due is started later. */
  readonly jitter: number;
  /** Why nothing is due, and nothing is started any more, in one sentence; undefined when the schedule applies. */
  readonly off: string | undefined;
}

/** All that held for an entry since its last occurrence that was processed. */
export interface History {
  /** The oldest first. */
  readonly past: readonly Validity[];
  readonly now: Validity;
}

/** The rows that entries refer to, by their ids. */
export interface ScheduleContext {
  readonly schedules: ReadonlyMap<number, TimetableSchedule>;
  readonly repositories: ReadonlyMap<number, TimetableRepository>;
}

const scheduleIn = ({ schedules }: ScheduleContext, id: number | null | undefined): TimetableSchedule | undefined =>
  schedules.get(id ?? NaN);

/** When anything changed after that time that the entry depended on, ascending. */
const changesFor = (entry: TimetableEntry, context: ScheduleContext, after: number): readonly number[] => {
  const rows: (WithHistory<object> | undefined)[] = [
    entry,
    ...[entry, ...entry.history].flatMap(({ schedule, repository }) => [
      scheduleIn(context, schedule),
      context.repositories.get(repository),
    ]),
  ];
  const times = rows.flatMap((row) => (row ? changeTimes(row) : []));
  return [...new Set(times)].filter((time) => time > after).sort((a, b) => a - b);
};

export const historyOf = (entry: TimetableEntry, context: ScheduleContext): History => {
  let after = Math.max(Date.parse(entry.valid_from), Date.parse(entry.last_occurrence ?? entry.valid_from));
  const past: Validity[] = [];
  for (const until of changesFor(entry, context, after)) {
    past.push(validityAt(entry, context, { after, until }));
    after = until;
  }
  return { past, now: validityAt(entry, context, { after, until: Infinity }) };
};

const validityAt = (
  now: TimetableEntry,
  context: ScheduleContext,
  time: Pick<Validity, 'after' | 'until'>,
): Validity => {
  const entry = rowAt(now, time.until);
  const schedule = rowAt(scheduleIn(context, entry?.schedule), time.until);
  const repository = rowAt(context.repositories.get(entry?.repository ?? NaN), time.until);
  const jitter = schedule ? jitterOf(now.subject, schedule.jitter) : 0;
  return { ...time, schedule, jitter, off: whyOff(entry, schedule, repository) };
};

/**
 * Milliseconds by which what a policy or a repository does on a schedule is started later than it is due: anything from 0 to
 * below `seconds`, always the same for the same uuid, so that what is due at once is spread evenly.
 */
export const jitterOf = (uuid: string, seconds: number): number => {
  if (seconds === 0) return 0;
  const fraction = createHash('sha1').update(uuid).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(fraction * seconds * 1_000);
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

/** A time at which something is due, and the schedule of then. */
export interface Occurrence {
  readonly due: number;
  readonly schedule: TimetableSchedule;
}

const firstAfter = ({ schedule, off, until }: Validity, after: number): Occurrence | undefined => {
  const due = schedule && off === undefined ? occurrenceAfter(schedule, after) : undefined;
  return schedule && due !== undefined && due <= until ? { due, schedule } : undefined;
};

/** The first occurrence that is not processed; undefined when there is none. */
export const firstDue = ({ past, now }: History): Occurrence | undefined => {
  for (const validity of [...past, now]) {
    const occurrence = firstAfter(validity, validity.after);
    if (occurrence) return occurrence;
  }
  return undefined;
};

/** The latest occurrences from `first` up to `until`, at most `limit`. */
export const latestDue = ({ past, now }: History, first: number, until: number, limit: number): Occurrences => {
  let times: readonly number[] = [];
  for (const validity of [...past, now].reverse()) {
    const occurrence = firstAfter(validity, Math.max(validity.after, first - 1));
    const end = Math.min(validity.until, until);
    if (!occurrence || occurrence.due > end) continue;
    // One more than the limit shows that there are more.
    const { times: found } = latestOccurrences(occurrence.schedule, occurrence.due, end, limit + 1 - times.length);
    times = [...found, ...times];
    if (times.length > limit) break;
  }
  return latestOf(times, limit);
};

/**
 * When an occurrence is to be started: after its jitter. If the jitter was reduced after the due time, so that the start would
 * have been before that change, it is the time of the change: the occurrence is not missed for it.
 */
export const startOf = ({ past, now }: History, due: number): number =>
  past.reduceRight(
    (start, { until, jitter }) => (start < until ? Math.min(until, Math.max(start, due + jitter)) : start),
    due + now.jitter,
  );
