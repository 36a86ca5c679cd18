import { fieldError, type AppError } from '@cyborgbackup/kernel';

/** One of the six fields of a crontab: its range, the names its values may have, and how a value is counted. */
export interface CrontabField {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** Where `*` begins when that is not `min`. */
  readonly starFrom?: number;
  readonly names?: readonly string[];
  /** What the first name stands for; the others follow. */
  readonly firstName?: number;
  readonly normal?: (value: number) => number;
}

export const CRONTAB_FIELDS = {
  minute: { label: 'minute', min: 0, max: 59 },
  hour: { label: 'hour', min: 0, max: 23 },
  dayOfMonth: { label: 'day of month', min: 1, max: 31 },
  month: {
    label: 'month',
    min: 1,
    max: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
    firstName: 1,
  },
  // 1-7 is Monday-Sunday; 0 is Sunday as well, as everywhere else.
  dayOfWeek: {
    label: 'day of week',
    min: 0,
    max: 7,
    starFrom: 1,
    names: ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'],
    firstName: 1,
    normal: (day) => (day === 0 ? 7 : day),
  },
  year: { label: 'year', min: 1970, max: 2099 },
} as const satisfies Record<string, CrontabField>;

const ITEM = /^(?:(\*)|([a-z]+|\d{1,4})(?:-([a-z]+|\d{1,4}))?)(?:\/(\d{1,4}))?$/i;

const refuse = (field: CrontabField, why: string): AppError =>
  fieldError('crontab', `The ${field.label} field: ${why}.`);

/** Why an item that is not in the grammar was probably written, for those who know another cron. */
const explain = (field: CrontabField, item: string): string => {
  if (item === '') return 'an item of its list is empty';
  const shown = `"${item.slice(0, 40)}"`;
  if (item.includes('#')) return `${shown} asks for the n-th weekday of a month, which is not supported`;
  if (/^(l|lw|w)$|[\da-z]+[lw]$/i.test(item)) return `${shown}: "L" and "W" are not supported`;
  if (item === '?') return '"?" is not supported; write "*"';
  if (item.startsWith('@')) return `${shown}: nicknames are not supported; write five or six fields`;
  return `${shown} is not "*", a value, a range such as ${String(field.min)}-${String(field.max)} or one of these with "/step"`;
};

const readValue = (field: CrontabField, written: string): number => {
  const named = field.names?.indexOf(written.toUpperCase()) ?? -1;
  if (named >= 0) return named + (field.firstName ?? 0);
  if (!/^\d+$/.test(written)) throw refuse(field, explainName(field, written));
  const value = Number(written);
  if (value < field.min || value > field.max)
    throw refuse(field, `${String(value)} is outside ${String(field.min)}-${String(field.max)}`);
  return value;
};

const explainName = (field: CrontabField, written: string): string => {
  const { names } = field;
  if (/^(l|lw|w)$|[lw]$/i.test(written) || !names) return explain(field, written);
  return `"${written.slice(0, 40)}" is not one of ${String(names[0])}-${String(names.at(-1))}`;
};

const smallest = ({ min, starFrom }: CrontabField): number => starFrom ?? min;

const readStep = (field: CrontabField, written: string | undefined): number => {
  if (written === undefined) return 1;
  const step = Number(written);
  const most = field.max - smallest(field) + 1;
  if (step < 1 || step > most) throw refuse(field, `the step ${String(step)} is outside 1-${String(most)}`);
  return step;
};

/** The range an item stands for: everything, from a value on (with a step), from one to another, or a single value. */
const readRange = (field: CrontabField, match: RegExpExecArray): readonly [first: number, last: number] => {
  const [, star, from = '', to = from, step] = match;
  if (star !== undefined) return [smallest(field), field.max];
  const first = readValue(field, from);
  const openEnd = step !== undefined && match[3] === undefined;
  return [first, openEnd ? field.max : readValue(field, to)];
};

const readItem = (field: CrontabField, item: string): readonly number[] => {
  const match = ITEM.exec(item);
  if (!match) throw refuse(field, explain(field, item));
  const step = readStep(field, match[4]);
  const [first, last] = readRange(field, match);
  if (last < first) throw refuse(field, `the range ${item} runs backwards; write two items separated by a comma`);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
};

/**
 * The values of one field, ascending and without repetition.
 * @throws AppError('validation') on `crontab`, naming the field and what is wrong with it
 */
export const readCrontabField = (field: CrontabField, written: string): readonly number[] => {
  const values = written.split(',').flatMap((item) => readItem(field, item));
  const { normal = (value: number): number => value } = field;
  return [...new Set(values.map(normal))].sort((a, b) => a - b);
};
