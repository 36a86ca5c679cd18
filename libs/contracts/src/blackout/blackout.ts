import { AppError, fieldError } from '@cyborgbackup/kernel';
import { CRONTAB_FIELDS, readCrontabField } from '../crontab/fields.ts';

/** A window of the week in which a schedule starts nothing, by the clocks of the schedule's time zone. */
export interface Blackout {
  readonly text: string;
  /** On which it begins; 1-7 = Monday-Sunday. */
  readonly daysOfWeek: readonly number[];
  /** Minutes from midnight, 0-1439. */
  readonly from: number;
  /** Minutes from midnight, 1-1440, exclusive; not above `from` when the window ends on the day after. */
  readonly until: number;
}

const EXAMPLES = 'write for example "MON-FRI 08:00-18:00" or "22:00-02:00"';
const WINDOW = /^[ \t]*(?:(\S+)[ \t]+)?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)[ \t]*$/;

const refuse = (text: string, why: string): AppError =>
  fieldError('blackouts', `"${text.slice(0, 64)}": ${why}; ${EXAMPLES}.`);

const readDays = (text: string, days: string): readonly number[] => {
  try {
    return readCrontabField(CRONTAB_FIELDS.dayOfWeek, days);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const [why = ''] = error.fields?.['crontab'] ?? [];
    throw refuse(text, why.replace(/\.$/, ''));
  }
};

/** Minutes from midnight. */
const readTime = (text: string, [hours, minutes]: readonly [string, string], last: number): number => {
  const time = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || time > last) throw refuse(text, `there is no time ${hours}:${minutes}`);
  return time;
};

/**
 * Reads `[DAYS ]HH:MM-HH:MM`. DAYS is written as a crontab's day of week and left out for every day; a window whose end is
 * not after its begin ends on the next day; 24:00 is the end of a day.
 * @throws AppError('validation') on the field `blackouts`, saying what is wrong with the window
 */
export const parseBlackout = (text: string): Blackout => {
  const [, days = '*', fromHours, fromMinutes, untilHours, untilMinutes] = WINDOW.exec(text) ?? [];
  if (fromHours === undefined || fromMinutes === undefined || untilHours === undefined || untilMinutes === undefined)
    throw refuse(text, 'this is not a window of time');
  const from = readTime(text, [fromHours, fromMinutes], 1_439);
  const until = readTime(text, [untilHours, untilMinutes], 1_440);
  if (from === until) throw refuse(text, 'it begins when it ends (a whole day is 00:00-24:00)');
  return { text, daysOfWeek: readDays(text, days), from, until: until === 0 ? 1_440 : until };
};
