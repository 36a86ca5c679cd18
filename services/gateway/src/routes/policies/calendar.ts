import { findBlackout, occurrencesOfMonth, type OpenTimes } from '@cyborgbackup/scheduling';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { callerLeft } from '../../db/query-budget.ts';

/** A few milliseconds of work. */
const AT_ONCE = 250;

/**
 * All times of a month at which something is due and no blackout window is. A schedule of every minute has 44,700 of them: requests
 * of others are served in between.
 * @throws AppError `validation` for a month that is none, `unavailable` when the signal fires
 */
export const openTimesOfMonth = async (
  { crontab, timezone, blackouts }: OpenTimes,
  month: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const found: string[] = [];
  let tried = 0;
  for (const time of occurrencesOfMonth(crontab, timezone, month)) {
    if (!findBlackout(blackouts, timezone, Date.parse(time))) found.push(time);
    tried += 1;
    if (tried % AT_ONCE > 0) continue;
    await othersTurn();
    if (signal.aborted) throw callerLeft();
  }
  return found;
};
