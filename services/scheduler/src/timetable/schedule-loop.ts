import { delay, messageOf, runInContext, systemContext } from '@cyborgbackup/kernel';
import type { Clocks } from '@cyborgbackup/database';
import { inParallel } from '../collections/in-parallel.ts';
import type { Decision } from '../runs/create-run.ts';
import { processDue, type ProcessDueDeps, type ProcessedDue } from './process-due.ts';
import type { EntryKey } from './rows/timetable-entry.ts';
import { entryName, type DueEntry, type Timetable } from './timetable.ts';

/** How long a change of the timetable, or of the clock, may go unnoticed. */
const LONGEST_WAIT_MILLIS = 250;
const RETRY_MILLIS = 5_000;
const CONCURRENT_ENTRIES = 8;

export interface ScheduleLoopDeps extends ProcessDueDeps {
  readonly timetable: Timetable;
  readonly clocks: Clocks;
  /** Up to where the log is folded into the timetable. */
  readonly folded: { readonly waitFor: (position: bigint) => Promise<void> };
}

/**
 * Processes what is due until the signal aborts: nothing before its time by the clock that all processes share. An error that
 * may pass (inventory does not answer) leaves occurrences due, and they are tried again after five seconds.
 */
export const runScheduleLoop = async (deps: ScheduleLoopDeps, signal: AbortSignal): Promise<void> => {
  const { timetable, clock, clocks, folded, logger } = deps;
  /** By entry. The event that accounts for an occurrence comes back by the log a little later than it was written. */
  const processedUntil = new Map<string, number>();
  const retryAt = new Map<string, number>();

  const isOpen = ({ entry: { kind, subject }, first }: DueEntry): boolean => {
    const name = entryName(kind, subject);
    return first > (processedUntil.get(name) ?? -Infinity) && (retryAt.get(name) ?? 0) <= clock.now();
  };

  const process = async (due: DueEntry, now: number): Promise<void> => {
    if (signal.aborted) return;
    const { kind, subject } = due.entry;
    const name = entryName(kind, subject);
    try {
      const work = (): Promise<ProcessedDue> => processDue(deps, due, now, signal);
      const { until, found } = await runInContext(systemContext('scheduler'), work);
      processedUntil.set(name, Math.max(until, processedUntil.get(name) ?? -Infinity));
      retryAt.delete(name);
      if (found) await passFound(due.entry, found);
    } catch (error) {
      retryAt.set(name, clock.now() + RETRY_MILLIS);
      logger.warn({ kind, subject, reason: messageOf(error) }, 'something is due but could not be started yet');
    }
  };

  /** What was decided before comes by the log once: it may have come long ago. */
  const passFound = async (entry: EntryKey, { until, position }: Decision): Promise<void> => {
    await folded.waitFor(position);
    timetable.pass(entry, until);
  };

  const processAllDue = async (): Promise<void> => {
    if (timetable.due(clock.now()).length === 0) return;
    const now = Math.min(clock.now(), await clocks.shared());
    await inParallel(timetable.due(now).filter(isOpen), CONCURRENT_ENTRIES, (due) => process(due, now));
  };

  while (!signal.aborted) {
    await processAllDue();
    const wait = (timetable.nextDue() ?? Infinity) - clock.now();
    await delay(wait > 0 ? Math.min(wait, LONGEST_WAIT_MILLIS) : LONGEST_WAIT_MILLIS, signal);
  }
};
