import type { ScheduleSlotEvent } from '@cyborgbackup/contracts';
import type { Logger } from '@cyborgbackup/kernel';
import { launchSlot, type DueSlot } from '../run/launch-slot.ts';
import type { LaunchDeps } from '../run/launch.ts';
import { activityOf } from '../run/run-kind.ts';
import { skipSlot } from '../run/request-run.ts';
import { decideDue, type SlotDecision } from './decide-due.ts';
import { slotRun } from './slot-run.ts';
import type { TimetableEntry } from './timetable-entry.ts';
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
 * A slot that is decided twice (a leader died in between, or two believe they lead) ends as it was decided first.
 * @returns up to when slots are settled, in milliseconds since 1970
 * @throws AppError for what may pass (inventory does not answer): the slots from there on are still due
 */
export const settleDue = async (deps: SettleDeps, due: DueEntry): Promise<number> => {
  const { entry, schedule } = due;
  /** The log tells of them a little later. */
  const launched = new Set<string>();
  let settledUntil = -Infinity;

  const skip = async (slot: Extract<SlotDecision, { do: 'skip' }>): Promise<void> => {
    const data = slotData(entry, slot);
    const isNews = await skipSlot(deps, slotRun(entry, slot.due), data);
    if (isNews) deps.logger.info({ ...data }, 'what was due was skipped');
  };

  const launch = async ({ due: at, isCatchUp }: Extract<SlotDecision, { do: 'launch' }>): Promise<void> => {
    const run = slotRun(entry, at);
    const inTheWay = isCatchUp ? undefined : overlap(deps, entry, launched);
    const slot: DueSlot = { ...entry, run, dueAt: new Date(at).toISOString(), schedule };
    const reason = inTheWay ?? (await launchSlot(deps, slot));
    if (reason !== undefined) await skip({ do: 'skip', due: at, until: null, reason });
    else launched.add(run);
  };

  for (const decision of decideDue(due, deps.clock.now())) {
    await (decision.do === 'skip' ? skip(decision) : launch(decision));
    settledUntil = decision.do === 'skip' && decision.until !== null ? decision.until - 1 : decision.due;
  }
  return settledUntil;
};

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

const slotData = (
  { kind, subject }: TimetableEntry,
  { due, until, reason }: Extract<SlotDecision, { do: 'skip' }>,
): ScheduleSlotEvent['data'] => {
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
