import type { PolicyFields } from '@cyborgbackup/contracts';
import type { TimetableSchedule } from '@cyborgbackup/read-models';
import { findBlackout, parseBlackout } from '@cyborgbackup/scheduling';
import { latestDue, startOf } from './entry-history.ts';
import { lenientParser } from './lenient-parser.ts';
import type { DueEntry } from './timetable.ts';

/** Times in milliseconds since 1970. */
export type DueDecision =
  | {
      readonly kind: 'launch';
      readonly due: number;
      /** It was missed and is run in any case: whatever is active, it waits behind that. */
      readonly isCatchUp: boolean;
    }
  | {
      readonly kind: 'skip';
      readonly due: number;
      /** All occurrences before this time are skipped; null = only the one. */
      readonly until: number | null;
      readonly reason: string;
    };

/** An occurrence is missed when it could not be started for so long: longer than a change of leaders takes. */
export const GRACE_MILLIS = 60_000;
/** The number of missed occurrences that are looked at one by one and, if the policy says so, run. */
export const MAX_CAUGHT_UP = 100;
/** The shortest interval between two occurrences of a schedule. */
const MINUTE = 60_000;

const UNATTENDED = 'Nothing was there to start it at that time.';
export const MISSED: Readonly<Record<PolicyFields['missed_runs'], string>> = {
  skip: `${UNATTENDED} The policy says that missed runs are skipped.`,
  once: `${UNATTENDED} Of the occurrences missed, the latest is run.`,
  all: `${UNATTENDED} Of the occurrences missed, the latest ${MAX_CAUGHT_UP} are run.`,
};

const blackoutOf = lenientParser(parseBlackout);

/** Why nothing is started at this time (milliseconds since 1970), in one sentence; undefined outside of all windows. */
export const windowAt = (
  { name, timezone, blackouts }: Pick<TimetableSchedule, 'name' | 'timezone' | 'blackouts'>,
  millis: number,
): string | undefined => {
  const windows = blackouts.map(blackoutOf).filter((window) => window !== undefined);
  const window = findBlackout(windows, timezone, millis);
  return window && `The schedule "${name}" starts nothing in its blackout window ${window.text} (${timezone}).`;
};

/**
 * Decides all occurrences of an entry that are due, in their order:
 *
 * - when its policy, schedule or repository was switched off since its due time and is still off: skipped;
 * - in a blackout window (by its due time, or by its start when jitter moves it there): skipped;
 * - missed, because it should have been started more than a minute ago, as the policy says: all are skipped; or one is run,
 *   the latest that lies in no window; or all are run, up to a hundred. One that is run although it was missed waits for the
 *   end of a window that is open now;
 * - otherwise: launched, unless the overlap rule forbids it, which is not decided here.
 */
export const planDue = ({ entry, schedule, first, history }: DueEntry, now: number): readonly DueDecision[] => {
  const rule = entry.missed_runs;
  const { off, jitter } = history.now;
  const { times, isCut } = latestDue(history, first, now - jitter, MAX_CAUGHT_UP);
  const obstacleAt = (due: number): string | undefined =>
    off ?? windowAt(schedule, due) ?? windowAt(schedule, startOf(history, due));
  const latest = times.findLast((due) => obstacleAt(due) === undefined);
  const occurrences = times.map((due): PlannedOccurrence => {
    const isMissed = startOf(history, due) < now - GRACE_MILLIS;
    const isSkipped = isMissed && (rule === 'skip' || (rule === 'once' && due !== latest));
    const reason = obstacleAt(due) ?? (isSkipped ? MISSED[rule] : undefined);
    return { due, isMissed, isCatchUp: isMissed && rule === 'all', reason };
  });
  const decisions = toDecisions(occurrences, windowAt(schedule, now) !== undefined);
  if (!isCut) return decisions;
  return [{ kind: 'skip', due: first, until: times[0] ?? now, reason: off ?? MISSED[rule] }, ...decisions];
};

interface PlannedOccurrence {
  readonly due: number;
  readonly isMissed: boolean;
  readonly isCatchUp: boolean;
  /** Why it is skipped; undefined when it is launched. */
  readonly reason: string | undefined;
}

/** Consecutive occurrences that are skipped for the same reason are skipped by one event. */
const toDecisions = (occurrences: readonly PlannedOccurrence[], isBlackout: boolean): readonly DueDecision[] => {
  const decisions: DueDecision[] = [];
  for (const [index, { due, reason, isMissed, isCatchUp }] of occurrences.entries()) {
    const last = decisions.at(-1);
    if (reason === undefined) {
      if (isMissed && isBlackout) return decisions;
      decisions.push({ kind: 'launch', due, isCatchUp });
    } else if (last?.kind === 'skip' && last.reason === reason) {
      decisions.splice(-1, 1, { ...last, until: occurrences[index + 1]?.due ?? due + MINUTE });
    } else decisions.push({ kind: 'skip', due, until: null, reason });
  }
  return decisions;
};
