import { findBlackout, parseBlackout, type Blackout } from '@cyborgbackup/contracts';
import type { TimetableSchedule } from '@cyborgbackup/read-models';

const parsed = new Map<string, Blackout | undefined>();
const MAX_PARSED = 10_000;

/** What is not understood keeps nothing from running; nobody can store such a thing, except a release with other rules. */
const blackoutOf = (text: string): Blackout | undefined => {
  if (!parsed.has(text)) {
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(text, tryParse(text));
  }
  return parsed.get(text);
};

const tryParse = (text: string): Blackout | undefined => {
  try {
    return parseBlackout(text);
  } catch {
    return undefined;
  }
};

/** Why nothing is started at this time (milliseconds since 1970), in one sentence; undefined outside of all windows. */
export const windowAt = (
  { name, timezone, blackouts }: Pick<TimetableSchedule, 'name' | 'timezone' | 'blackouts'>,
  millis: number,
): string | undefined => {
  const windows = blackouts.map(blackoutOf).filter((window) => window !== undefined);
  const window = findBlackout(windows, timezone, millis);
  return window && `The schedule "${name}" starts nothing in its blackout window ${window.text} (${timezone}).`;
};
