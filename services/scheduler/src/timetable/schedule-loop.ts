import { delay, messageOf, runInContext, systemContext } from '@cyborgbackup/kernel';
import { inParallel } from '../collections/in-parallel.ts';
import { settleDue, type SettleDeps } from './process-due.ts';
import { entryName, type DueEntry, type Timetable } from './timetable.ts';

export interface TickDeps extends SettleDeps {
  readonly timetable: Timetable;
}

/** How long a change of the timetable, or of the clock, may go unnoticed. */
const LONGEST_WAIT_MILLIS = 250;
const RETRY_MILLIS = 5_000;
const CONCURRENT_LAUNCHES = 8;

/**
 * Settles what is due until the signal aborts. Trouble that may pass (inventory does not answer) leaves slots due, and they
 * are tried again after five seconds.
 */
export const runTick = async (deps: TickDeps, signal: AbortSignal): Promise<void> => {
  const { timetable, clock, logger } = deps;
  const settledUntil = new Map<string, number>();
  const retryAt = new Map<string, number>();

  /** The event that accounts for a slot comes back by the log a little later than it was written. */
  const isOpen = ({ entry: { kind, subject }, first }: DueEntry): boolean => {
    const name = entryName(kind, subject);
    return first > (settledUntil.get(name) ?? -Infinity) && (retryAt.get(name) ?? 0) <= clock.now();
  };

  const settle = async (due: DueEntry): Promise<void> => {
    const { kind, subject } = due.entry;
    const name = entryName(kind, subject);
    try {
      settledUntil.set(name, await runInContext(systemContext('scheduler'), () => settleDue(deps, due, signal)));
      retryAt.delete(name);
    } catch (error) {
      retryAt.set(name, clock.now() + RETRY_MILLIS);
      logger.warn({ kind, subject, reason: messageOf(error) }, 'something is due but could not be started yet');
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
