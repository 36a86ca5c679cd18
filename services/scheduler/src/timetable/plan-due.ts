import type { PolicyFields } from '@cyborgbackup/contracts';
import type { DueEntry } from './timetable.ts';
import { latestSlots, startOf } from './entry-history.ts';
import { windowAt } from './blackout-window.ts';

/** Times in milliseconds since 1970. */
export type SlotDecision =
  | {
      readonly do: 'launch';
      readonly due: number;
      /** It was missed and is to be run in any case: whatever is active, it waits behind that. */
      readonly isCatchUp: boolean;
    }
  | {
      readonly do: 'skip';
      readonly due: number;
      /** All slots before this one are meant; null = only the one. */
      readonly until: number | null;
      readonly reason: string;
    };

/** A slot is missed when it could not be started for so long: longer than a change of leaders takes. */
export const GRACE_MILLIS = 60_000;
/** Of the slots missed, so many are looked at one by one and, where the policy says so, run. */
export const MAX_CAUGHT_UP = 100;
/** No schedule has two slots that are closer. */
const MINUTE = 60_000;

const NOBODY = 'Nothing was there to start it at that time.';
export const MISSED = {
  skip: `${NOBODY} The policy says that missed runs are skipped.`,
  once: `${NOBODY} Of the slots missed, the latest is run.`,
  all: `${NOBODY} Of the slots missed, the latest ${MAX_CAUGHT_UP} are run.`,
};

/** What is to become of one slot: a reason for none. */
interface Verdict {
  readonly due: number;
  readonly reason: string | undefined;
  readonly isMissed: boolean;
  readonly isCatchUp: boolean;
}

/**
 * What becomes of all slots of an entry that are due, in their order; each is decided once, and before those after it:
 *
 * - due before something was switched off that is off still: skipped;
 * - in a blackout window (by its due time, or by its start when jitter moves it there): skipped;
 * - missed, because it should have been started more than a minute ago: as the policy says all are skipped; or one is run,
 *   the latest that lies in no window; or all are run, up to a hundred. What is to be run although it was missed waits for
 *   the end of a window that is open now;
 * - otherwise: launched, unless something else is in its way, which is not decided here.
 */
export const decideDue = (due: DueEntry, now: number): readonly SlotDecision[] => {
  const { entry, schedule, first, timeline } = due;
  const { off, jitter } = timeline.now;
  const { times, isCut } = latestSlots(timeline, first, now - jitter, MAX_CAUGHT_UP);
  const reasonAt = (at: number): string | undefined =>
    off ?? windowAt(schedule, at) ?? windowAt(schedule, startOf(timeline, at));
  const judge = judging(entry.missed_runs, times, reasonAt);
  const verdicts = times.map((at): Verdict => {
    const isMissed = startOf(timeline, at) < now - GRACE_MILLIS;
    return { due: at, isMissed, isCatchUp: isMissed && entry.missed_runs === 'all', reason: judge(at, isMissed) };
  });
  const decisions = toDecisions(verdicts, windowAt(schedule, now) !== undefined);
  const [earliest = now] = times;
  const older: SlotDecision = { do: 'skip', due: first, until: earliest, reason: off ?? MISSED[entry.missed_runs] };
  return isCut ? [older, ...decisions] : decisions;
};

type Judge = (at: number, isMissed: boolean) => string | undefined;

const judging = (
  missedRuns: PolicyFields['missed_runs'],
  times: readonly number[],
  reasonAt: (at: number) => string | undefined,
): Judge => {
  const latest = times.findLast((at) => reasonAt(at) === undefined);
  const onMissed: Readonly<Record<PolicyFields['missed_runs'], (at: number) => string | undefined>> = {
    skip: () => MISSED.skip,
    once: (at) => (at === latest ? undefined : MISSED.once),
    all: () => undefined,
  };
  return (at, isMissed) => reasonAt(at) ?? (isMissed ? onMissed[missedRuns](at) : undefined);
};

/** Slots in a row that are skipped for the same reason are skipped by one event. */
const toDecisions = (verdicts: readonly Verdict[], isBlackout: boolean): readonly SlotDecision[] => {
  const decisions: SlotDecision[] = [];
  for (const [index, { due, reason, isMissed, isCatchUp }] of verdicts.entries()) {
    if (reason === undefined) {
      if (isMissed && isBlackout) return decisions;
      decisions.push({ do: 'launch', due, isCatchUp });
      continue;
    }
    const last = decisions.at(-1);
    const isFirst = last?.do !== 'skip' || last.reason !== reason;
    const until = verdicts[index + 1]?.due ?? due + MINUTE;
    if (isFirst) decisions.push({ do: 'skip', due, until: null, reason });
    else decisions.splice(-1, 1, { ...last, until });
  }
  return decisions;
};
