import { fieldError, type AppError } from '@cyborgbackup/kernel';
import { CronExpressionParser } from 'cron-parser';

/*
 * cron-parser expands the items of a crontab; what is ours is the grammar, the year, and refusals that name the field.
 * See docs/decisions/0007-cron-parser-reads-crontabs-occurrences-of-our-own.md.
 */

/** One of the six fields of a crontab. */
interface CrontabField {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** The range of `*`, where that is not all of `min` to `max`. */
  readonly star?: readonly [first: number, last: number];
  /** The first and the last name that stand for values. */
  readonly names?: string;
}

const FIELDS = {
  minute: { label: 'minute', min: 0, max: 59 },
  hour: { label: 'hour', min: 0, max: 23 },
  dayOfMonth: { label: 'day of month', min: 1, max: 31 },
  month: { label: 'month', min: 1, max: 12, names: 'JAN-DEC' },
  // 1-7 is Monday-Sunday, and 0 is Sunday too.
  dayOfWeek: { label: 'day of week', min: 0, max: 7, star: [1, 7], names: 'MON-SUN' },
  year: { label: 'year', min: 1970, max: 2099 },
} as const satisfies Record<string, CrontabField>;
export type CrontabFieldName = keyof typeof FIELDS;

/** The fields that cron-parser knows, in the order of its expressions, each with a value that suits every value of the others. */
const EXPRESSION = { minute: '0', hour: '0', dayOfMonth: '1', month: '1', dayOfWeek: '1' } as const;

const ITEM = /^(?:\*|\d{1,4}(?:-\d{1,4})?)(?:\/(\d{1,4}))?$/;
const NAMED_ITEM = /^(?:\*|(?:[a-z]{3}|\d{1,4})(?:-(?:[a-z]{3}|\d{1,4}))?)(?:\/(\d{1,4}))?$/i;

const refuse = (field: CrontabField, why: string): AppError =>
  fieldError('crontab', `The ${field.label} field: ${why}.`);

/** Names what an item that is not in our grammar means in other dialects of cron. */
const explain = ({ min, max }: CrontabField, item: string): string => {
  if (item === '') return 'an item of its list is empty';
  const quoted = `"${item.slice(0, 40)}"`;
  if (item.includes('#')) return `${quoted} asks for the n-th weekday of a month, which is not supported`;
  if (/^(l|lw|w)$|[\da-z]+[lw]$/i.test(item)) return `${quoted}: "L" and "W" are not supported`;
  if (item === '?') return '"?" is not supported; write "*"';
  if (item.startsWith('@')) return `${quoted}: nicknames are not supported; write five or six fields`;
  return `${quoted} is not "*", a value, a range such as ${min}-${max} or one of these with "/step"`;
};

const outside = ({ min, max }: CrontabField, value: string | number): string => `${value} is outside ${min}-${max}`;
const backwards = (item: string): string => `the range ${item} runs backwards; write two items separated by a comma`;

/** Why cron-parser refuses an item, in our words. */
const translate = (field: CrontabField, item: string, message: string): string => {
  const value = /got (?:value|range) (\S+) expected/.exec(message)?.[1];
  if (value !== undefined) return outside(field, value);
  if (message.includes('min(')) return backwards(item);
  return message.includes('alias') ? `"${item}" is not one of ${field.names ?? ''}` : explain(field, item);
};

const expandByCronParser = (name: keyof typeof EXPRESSION, item: string): readonly number[] => {
  // Our weeks begin with Monday, so FRI-SUN is a range: Sunday is 7 here, and 0 for cron-parser.
  const own = name === 'dayOfWeek' ? item.replaceAll(/sun/gi, '7') : item;
  const expression = Object.values({ ...EXPRESSION, [name]: own }).join(' ');
  try {
    const { values } = CronExpressionParser.parse(expression, { tz: 'UTC' }).fields[name];
    return values.map((value) => (name === 'dayOfWeek' && value === 0 ? 7 : Number(value)));
  } catch (error) {
    throw refuse(FIELDS[name], translate(FIELDS[name], item, error instanceof Error ? error.message : ''));
  }
};

/** cron-parser knows no years. */
const expandYears = (item: string): readonly number[] => {
  const { year } = FIELDS;
  const [range = '', step] = item.split('/');
  const [first = NaN, last = step === undefined ? first : year.max] = range.split('-').map(Number);
  const bad = [first, last].find((value) => value < year.min || value > year.max);
  if (bad !== undefined) throw refuse(year, outside(year, bad));
  if (last < first) throw refuse(year, backwards(item));
  const by = Number(step ?? 1);
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
};

const expandItem = (name: CrontabFieldName, item: string): readonly number[] => {
  const field: CrontabField = FIELDS[name];
  const match = (field.names ? NAMED_ITEM : ITEM).exec(item);
  if (!match) throw refuse(field, explain(field, item));
  const [first, last] = field.star ?? [field.min, field.max];
  const [step, maxStep] = [Number(match[1] ?? 1), last - first + 1];
  if (step < 1 || step > maxStep) throw refuse(field, `the step ${step} is outside 1-${maxStep}`);
  const written = item.replace('*', `${first}-${last}`);
  return name === 'year' ? expandYears(written) : expandByCronParser(name, written);
};

/** Expanded fields by name and text: most crontabs share a few, and cron-parser takes 150 µs for an item. */
const expanded = new Map<string, readonly number[]>();
/** Anybody who may edit schedules can write any number of different fields. */
const MAX_EXPANDED = 1_000;

/**
 * The values of one field, ascending and without repetition.
 * @throws AppError('validation') on `crontab`, naming the field and what is wrong with it
 */
export const readCrontabField = (name: CrontabFieldName, text: string): readonly number[] => {
  const key = `${name} ${text}`;
  const known = expanded.get(key);
  if (known) return known;
  // One item at a time: cron-parser refuses lists whose items overlap.
  const values = new Set(text.split(',').flatMap((item) => expandItem(name, item)));
  const ascending = [...values].sort((a, b) => a - b);
  if (expanded.size >= MAX_EXPANDED) expanded.clear();
  expanded.set(key, ascending);
  return ascending;
};
