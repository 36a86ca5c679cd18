import type { ScheduleSlotEvent } from '@cyborgbackup/contracts';
import type { Logger } from '@cyborgbackup/kernel';
import type { TimetableEntry } from '@cyborgbackup/read-models';
import { launchSlot, type DueSlot } from '../run/launch-slot.ts';
import type { LaunchDeps } from '../run/launch.ts';
import { activityOf } from '../run/run-kind.ts';
import { isSettled, skipSlot } from '../run/request-run.ts';
import { decideDue, type SlotDecision } from './decide-due.ts';
import { slotRun } from './slot-run.ts';
import type { DueEntry } from './timetable.ts';

export interface SettleDeps extends LaunchDeps {
  readonly logger: Logger;
  /** Runs that have not ended, by what they are in the way of. */
  readonly active: ReadonlyMap<string, ReadonlySet<string>>;
}

const OVERLAP = {
  skip: 'The run before it had not ended yet.',
  queue: 'The run before it had not ended yet, and another one waits behind that already.',
};

/**
 * Brings every due slot of an entry to its end, in order: each as one run, or as one event that says why there is none.
 * A slot that is decided twice (a leader died in between, or two believe they lead) ends as it was decided first; what
 * comes after it is then left until the log has told how, for it may have been decided with it.
 * @param signal leaves the slots that are not settled yet to the next leader
 * @returns up to when slots are settled, in milliseconds since 1970
 * @throws AppError for what may pass (inventory does not answer): the slots from there on are still due
 */
export const settleDue = async (deps: SettleDeps, due: DueEntry, signal: AbortSignal): Promise<number> => {
  const { entry, schedule } = due;
  /** The log tells of them a little later. */
  const launched = new Set<string>();

  const skip = async (slot: Skip): Promise<boolean> => {
    const data = slotData(entry, slot);
    const isNews = await skipSlot(deps, slotRun(entry, slot.due), data);
    if (isNews) deps.logger.info({ ...data }, 'what was due was skipped');
    return isNews;
  };

  const launch = async ({ due: at, isCatchUp }: Launch): Promise<boolean> => {
    const run = slotRun(entry, at);
    if (await isSettled(deps, run)) return false;
    const slot: DueSlot = { ...entry, run, dueAt: new Date(at).toISOString(), schedule };
    const inTheWay = isCatchUp ? undefined : overlap(deps, entry, launched);
    const reason = inTheWay ?? (await launchSlot(deps, slot));
    if (reason !== undefined) return skip({ do: 'skip', due: at, until: null, reason });
    launched.add(run);
    return true;
  };

  let settledUntil = -Infinity;
  for (const decision of decideDue(due, deps.clock.now())) {
    if (signal.aborted) break;
    const isOurs = await (decision.do === 'skip' ? skip(decision) : launch(decision));
    settledUntil = isOurs ? lastOf(decision) : decision.due;
    if (!isOurs) break;
  }
  return settledUntil;
};

type Skip = Extract<SlotDecision, { do: 'skip' }>;
type Launch = Extract<SlotDecision, { do: 'launch' }>;

/** The end of what the decision is about. */
const lastOf = (decision: SlotDecision): number =>
  decision.do === 'skip' && decision.until !== null ? decision.until - 1 : decision.due;

/** Why the slot is skipped when something is active that it must not overlap. */
const overlap = (
  { active }: Pick<SettleDeps, 'active'>,
  { kind, subject, overlap: rule }: TimetableEntry,
  launched: ReadonlySet<string>,
): string | undefined => {
  const runs = launched.union(active.get(activityOf(kind, subject) ?? '') ?? new Set());
  if (runs.size === 0 || (rule === 'queue' && runs.size === 1)) return undefined;
  return OVERLAP[rule];
};

const isoOrNull = (millis: number | null): string | null => (millis === null ? null : new Date(millis).toISOString());

const slotData = ({ kind, subject }: TimetableEntry, { due, until, reason }: Skip): ScheduleSlotEvent['data'] => {
  const isOfPolicy = kind === 'backup' || kind === 'drill';
  return {
    policy: isOfPolicy ? subject : null,
    repository: isOfPolicy ? null : subject,
    kind,
    due_at: new Date(due).toISOString(),
    until: isoOrNull(until),
    reason,
  };
};
