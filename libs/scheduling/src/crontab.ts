import { fieldError } from '@cyborgbackup/kernel';
import { readCrontabField } from './crontab-field.ts';

/**
 * A crontab as lists: for each field the values that match, ascending. A minute matches when **all** fields do; day
 * of month and day of week too, unlike in classic cron, where either would do.
 */
export interface Crontab {
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** 1-12 */
  readonly months: readonly number[];
  /** 1-7 = Monday-Sunday */
  readonly daysOfWeek: readonly number[];
  /** 1970-2099 */
  readonly years: readonly number[];
}

const MAX_LENGTH = 1024;

/**
 * Reads five or six fields separated by blanks: minute, hour, day of month, month, day of week and, unless left out, year.
 * A field is a list of `*`, `n`, `a-b`, `*` with `/step`, `n/step` (from n to the end of the range) and `a-b/step`; months and
 * weekdays have names in any case; weekdays count 1-7 = Monday-Sunday, and 0 is Sunday too.
 * @throws AppError('validation') on the field `crontab`, saying which of its fields is wrong and why
 */
export const parseCrontab = (text: string): Crontab => {
  if (text.length > MAX_LENGTH)
    throw fieldError('crontab', `Ensure this field has no more than ${MAX_LENGTH} characters.`);
  const fields = text.split(/[ \t]+/).filter((part) => part !== '');
  const [minute, hour, dayOfMonth, month, dayOfWeek, year = '*'] = fields;
  if (
    minute === undefined ||
    hour === undefined ||
    dayOfMonth === undefined ||
    month === undefined ||
    dayOfWeek === undefined ||
    fields.length > 6
  )
    throw fieldError(
      'crontab',
      `A crontab has five or six fields (minute, hour, day of month, month, day of week, year), not ${fields.length}.`,
    );
  return {
    text,
    minutes: readCrontabField('minute', minute),
    hours: readCrontabField('hour', hour),
    daysOfMonth: readCrontabField('dayOfMonth', dayOfMonth),
    months: readCrontabField('month', month),
    daysOfWeek: readCrontabField('dayOfWeek', dayOfWeek),
    years: readCrontabField('year', year),
  };
};
