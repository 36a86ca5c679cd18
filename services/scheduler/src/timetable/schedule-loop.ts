import { delay, messageOf, runInContext, systemContext } from '@cyborgbackup/kernel';
import { inParallel } from '../collections/in-parallel.ts';
import { processDue, type ProcessDueDeps } from './process-due.ts';
import { entryName, type DueEntry, type Timetable } from './timetable.ts';

/** How long a change of the timetable, or of the clock, may go unnoticed. */
const LONGEST_WAIT_MILLIS = 250;
const RETRY_MILLIS = 5_000;
const CONCURRENT_ENTRIES = 8;

/**
 * Processes what is due until the signal aborts. An error that may pass (inventory does not answer) leaves occurrences due,
 * and they are tried again after five seconds.
 */
export const runScheduleLoop = async (
  deps: ProcessDueDeps & { readonly timetable: Timetable },
  signal: AbortSignal,
): Promise<void> => {
  const { timetable, clock, logger } = deps;
  /** By entry. The event that accounts for an occurrence comes back by the log a little later than it was written. */
  const processedUntil = new Map<string, number>();
  const retryAt = new Map<string, number>();

  const isOpen = ({ entry: { kind, subject }, first }: DueEntry): boolean => {
    const name = entryName(kind, subject);
    return first > (processedUntil.get(name) ?? -Infinity) && (retryAt.get(name) ?? 0) <= clock.now();
  };

  const process = async (due: DueEntry): Promise<void> => {
    if (signal.aborted) return;
    const { kind, subject } = due.entry;
    const name = entryName(kind, subject);
    try {
      processedUntil.set(name, await runInContext(systemContext('scheduler'), () => processDue(deps, due, signal)));
      retryAt.delete(name);
    } catch (error) {
      retryAt.set(name, clock.now() + RETRY_MILLIS);
      logger.warn({ kind, subject, reason: messageOf(error) }, 'something is due but could not be started yet');
    }
  };

  while (!signal.aborted) {
    await inParallel(timetable.due(clock.now()).filter(isOpen), CONCURRENT_ENTRIES, process);
    const wait = (timetable.nextDue() ?? Infinity) - clock.now();
    await delay(wait > 0 ? Math.min(wait, LONGEST_WAIT_MILLIS) : LONGEST_WAIT_MILLIS, signal);
  }
};
