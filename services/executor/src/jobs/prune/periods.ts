/** The rules in borg's order: an archive is credited to the first rule that wants it. */
export const RULES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Rule = (typeof RULES)[number];

const DAY_MILLIS = 86_400_000;

/** ISO 8601 week: that of the week's Thursday, whose year is the week's year. */
const isoWeek = (millis: number): string => {
  const date = new Date(millis);
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(millis + (3 - weekday) * DAY_MILLIS);
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - newYear) / (7 * DAY_MILLIS)) + 1;
  return `${thursday.getUTCFullYear()}-W${week}`;
};

const beginning = (millis: number, length: number): string => new Date(millis).toISOString().slice(0, length);

/** The period that a moment falls into, in UTC; moments of one period give the same text. */
export const PERIODS: Readonly<Record<Rule, (millis: number) => string>> = {
  hourly: (millis) => beginning(millis, 'YYYY-MM-DDTHH'.length),
  daily: (millis) => beginning(millis, 'YYYY-MM-DD'.length),
  weekly: isoWeek,
  monthly: (millis) => beginning(millis, 'YYYY-MM'.length),
  yearly: (millis) => beginning(millis, 'YYYY'.length),
};
