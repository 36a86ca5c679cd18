import type { TimetableSchedule } from '@cyborgbackup/read-models';
import { findBlackout, parseBlackout } from '@cyborgbackup/scheduling';
import { lenientParser } from './lenient-parser.ts';

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
