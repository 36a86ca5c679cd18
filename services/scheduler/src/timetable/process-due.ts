import type { TimetableEntry } from '@cyborgbackup/read-models';
import type { OccurrenceEvent } from '@cyborgbackup/contracts';
import type { Logger } from '@cyborgbackup/kernel';
import { activityOf } from '../job/run-kind.ts';
import { findDecision, skipOccurrence, type Decision } from '../runs/create-run.ts';
import { planDue, type DueDecision } from './plan-due.ts';
import { occurrenceRun } from './occurrences.ts';
import { startScheduledRun } from './start-scheduled-run.ts';
import { AHEAD_MILLIS } from './rows/row-history.ts';
import type { DueEntry } from './timetable.ts';
import type { RunDeps } from '../runs/run-deps.ts';

export interface ProcessedDue {
  /** Up to when occurrences are processed by this call, in milliseconds since 1970. */
  readonly until: number;
  /** What was decided before about the occurrence after those, as far as it counts. */
  readonly found?: Decision;
}

export interface ProcessDueDeps extends RunDeps {
  readonly logger: Logger;
  /** Uuids of runs that have not ended, by their activity. */
  readonly active: ReadonlyMap<string, ReadonlySet<string>>;
}

const OVERLAP = {
  skip: 'The run before it had not ended yet.',
  queue: 'The run before it had not ended yet, and another one waits behind that already.',
};

type Skip = Extract<DueDecision, { kind: 'skip' }>;

/**
 * Gives every due occurrence of an entry, in order, either its run or one event that says why there is none. This is
 * idempotent: an occurrence that is processed twice (a leader died in between, two believe that they lead, or a clock was
 * ahead) keeps what was decided first. The occurrences after it are then left until that has come back by the log, for the
 * other leader may have decided them with it. Tested by process-due.int.test.ts; see
 * docs/decisions/0012-an-occurrence-is-a-run-or-an-event.md.
 * @param now of the timetable
 * @param signal leaves the occurrences that are not processed yet to the next leader
 * @throws AppError for what may pass (inventory does not answer): the occurrences from there on are still due
 */
export const processDue = async (
  deps: ProcessDueDeps,
  due: DueEntry,
  now: number,
  signal: AbortSignal,
): Promise<ProcessedDue> => {
  const { entry, schedule } = due;
  /** Runs that have not come back by the log yet. */
  const started = new Set<string>();

  /** @returns whether this call decided it */
  const skip = async (decision: Skip): Promise<boolean> => {
    const data = skippedData(entry, decision);
    const isFirst = await skipOccurrence(deps, occurrenceRun(entry, decision.due), data);
    if (isFirst) deps.logger.info({ ...data }, 'what was due was skipped');
    return isFirst;
  };

  const launch = async (at: number, isCatchUp: boolean): Promise<boolean> => {
    const run = occurrenceRun(entry, at);
    const overlap = isCatchUp ? undefined : overlapReason(deps.active, entry, started);
    const occurrence = { ...entry, run, dueAt: new Date(at).toISOString(), schedule };
    const reason = overlap ?? (await startScheduledRun(deps, occurrence));
    if (reason !== undefined) return skip({ kind: 'skip', due: at, until: null, reason });
    started.add(run);
    return true;
  };

  /** @returns what was decided before */
  const decide = async (decision: DueDecision): Promise<Decision | undefined> => {
    const run = occurrenceRun(entry, decision.due);
    const known = await findDecision(deps, run);
    if (known) return known;
    const isFirst = await (decision.kind === 'skip' ? skip(decision) : launch(decision.due, decision.isCatchUp));
    return isFirst ? undefined : findDecision(deps, run);
  };

  let until = -Infinity;
  for (const decision of planDue(due, now)) {
    if (signal.aborted) break;
    const found = await decide(decision);
    if (found) return { until, found: isAhead(found, now) ? { ...found, until: decision.due } : found };
    until = decision.kind === 'skip' && decision.until !== null ? decision.until - 1 : decision.due;
  }
  return { until };
};

/** Occurrences that are not due yet were skipped by a clock that was ahead: of those that it skipped, only the first counts. */
const isAhead = ({ until }: Decision, now: number): boolean => until > now + AHEAD_MILLIS;

/** Why the occurrence is skipped if runs of the same activity have not ended. */
const overlapReason = (
  active: ProcessDueDeps['active'],
  { kind, subject, overlap: rule }: TimetableEntry,
  started: ReadonlySet<string>,
): string | undefined => {
  const runs = started.union(active.get(activityOf(kind, subject) ?? '') ?? new Set());
  return runs.size === 0 || (rule === 'queue' && runs.size === 1) ? undefined : OVERLAP[rule];
};

const skippedData = ({ kind, subject }: TimetableEntry, { due, until, reason }: Skip): OccurrenceEvent['data'] => {
  const isOfPolicy = kind === 'backup' || kind === 'drill';
  return {
    policy: isOfPolicy ? subject : null,
    repository: isOfPolicy ? null : subject,
    kind,
    due_at: new Date(due).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
    reason,
  };
};
