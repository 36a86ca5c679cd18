import { scheduleSlotsStream } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { delay, messageOf, runInContext, systemContext, type Logger } from '@cyborgbackup/kernel';
import { inParallel } from '../in-parallel.ts';
import { launchSlot, type LaunchDeps } from '../run/launch.ts';
import { nameUuid } from '../run/name-uuid.ts';
import { slotDecider } from './slot-decider.ts';
import type { DuePolicy, Timetable } from './timetable.ts';

export interface TickDeps extends LaunchDeps {
  readonly logger: Logger;
  readonly timetable: Timetable;
  /** Whether a run of the policy has not ended. */
  readonly isActive: (policy: string) => boolean;
}

/** How long a change of the timetable, or of the clock, may go unnoticed. */
const LONGEST_WAIT_MILLIS = 1_000;
const RETRY_MILLIS = 5_000;
const CONCURRENT_LAUNCHES = 8;

const MISSED = 'Nothing was there to start it at that time. Of the slots missed, the latest is run.';
const OVERLAP = 'A run of the policy had not ended yet.';

/** The same slot is always the same run: whoever starts it a second time finds it started. */
export const slotRun = (policy: string, due: number): string => nameUuid(policy, new Date(due).toISOString());

/**
 * Starts what is due until the signal aborts. Each slot ends as one run or as one event that says why there is none:
 *
 * 1. of several slots that were missed, all but the latest are skipped, in one event;
 * 2. while a run of the policy is active, the slot is skipped;
 * 3. otherwise the policy is launched; when that is refused, the slot is skipped for the reason given;
 * 4. trouble that may pass (inventory does not answer) leaves the slot due, and it is tried again after five seconds.
 */
export const runTick = async (deps: TickDeps, signal: AbortSignal): Promise<void> => {
  const { timetable, clock, logger } = deps;
  const settled = new Map<string, number>();
  const retryAt = new Map<string, number>();

  /** The event that accounts for a slot comes back by the log a little later than it was written. */
  const isOpen = ({ policy, latest }: DuePolicy): boolean =>
    latest > (settled.get(policy) ?? 0) && (retryAt.get(policy) ?? 0) <= clock.now();

  const settle = async (due: DuePolicy): Promise<void> => {
    try {
      await runInContext(systemContext('scheduler'), () => settleSlot(deps, due));
      settled.set(due.policy, due.latest);
    } catch (error) {
      retryAt.set(due.policy, clock.now() + RETRY_MILLIS);
      logger.warn({ policy: due.policy, reason: messageOf(error) }, 'a policy is due but could not be started yet');
    }
  };

  while (!signal.aborted) {
    const due = timetable.due(clock.now()).filter(isOpen);
    await inParallel(due, CONCURRENT_LAUNCHES, (one) => (signal.aborted ? Promise.resolve() : settle(one)));
    const next = timetable.nextDue() ?? Infinity;
    const wait = next - clock.now();
    await delay(wait > 0 ? Math.min(wait, LONGEST_WAIT_MILLIS) : LONGEST_WAIT_MILLIS, signal);
  }
};

const settleSlot = async (deps: TickDeps, { policy, id, first, latest }: DuePolicy): Promise<void> => {
  const dueAt = new Date(latest).toISOString();
  const skip = async (slot: { due: string; until: string | null; reason: string }): Promise<void> => {
    const { due: due_at, until, reason } = slot;
    await handleCommand(deps.commands, slotDecider)(scheduleSlotsStream(policy), { policy, due_at, until, reason });
    deps.logger.info({ policy, dueAt: due_at, reason }, 'a scheduled run was skipped');
  };
  if (first < latest) await skip({ due: new Date(first).toISOString(), until: dueAt, reason: MISSED }); // 1
  if (deps.isActive(policy)) return skip({ due: dueAt, until: null, reason: OVERLAP }); // 2
  const refused = await launchSlot(deps, { id, policy, run: slotRun(policy, latest), dueAt }); // 3
  if (refused !== undefined) await skip({ due: dueAt, until: null, reason: refused });
};
