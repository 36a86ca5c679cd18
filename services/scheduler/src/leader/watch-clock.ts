import { clockTrouble, type Clocks } from '@cyborgbackup/database';
import { AppError, delay } from '@cyborgbackup/kernel';
import { AHEAD_MILLIS } from '../timetable/rows/row-history.ts';

const WATCH_MILLIS = 5_000;

/** @throws AppError `unavailable` while this process's clock is not that of PostgreSQL: nothing is led by such a clock */
export const assertClock = async (clocks: Clocks): Promise<void> => {
  const trouble = await clockTrouble(clocks);
  if (trouble !== undefined) throw new AppError('unavailable', `Nothing is started here. ${trouble}`);
};

/**
 * Compares the clocks until the signal aborts.
 * @throws AppError `unavailable` as `assertClock`, and when the clock was set back: what was noted by it until then does not hold
 */
export const watchClock = async (clocks: Clocks, signal: AbortSignal): Promise<void> => {
  for (let last = clocks.own.now(); !signal.aborted; last = clocks.own.now()) {
    await delay(WATCH_MILLIS, signal);
    await assertClock(clocks);
    if (clocks.own.now() < last - AHEAD_MILLIS) {
      throw new AppError('unavailable', 'The clock was set back: what is due is computed anew.');
    }
  }
};
