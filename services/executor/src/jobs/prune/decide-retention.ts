import type { RecordedArchive } from '../../tables/series.ts';

/** The rules in borg's order: an archive is credited to the first rule that wants it. */
export const RULES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
type Rule = (typeof RULES)[number];

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

/** How many archives to keep of each period; 0 = the period is not used. */
export type Keep = Readonly<Record<Rule, number>>;

export interface RetentionDecision {
  /** Names with the reason, for people: `daily #1`, `monthly[oldest] #3`, … */
  readonly kept: ReadonlyMap<string, string>;
  /** Names, newest first. */
  readonly removed: readonly string[];
}

const newestFirst = (archives: readonly RecordedArchive[]): readonly RecordedArchive[] =>
  archives.toSorted((a, b) => b.position - a.position);

/**
 * Applies one rule as borg 1.2 and 1.4 do: of each period the last archive is taken, from now backwards; one that an earlier
 * rule took already counts for its period but not towards this rule's number. A rule that found too few also takes the
 * oldest archive, so that the first monthly archive is there before the first month is over.
 */
const applyRule = (
  archives: readonly RecordedArchive[],
  rule: Rule,
  count: number,
  kept: Map<string, string>,
): void => {
  if (count === 0) return;
  let found = 0;
  let period: string | undefined;
  const take = ({ name }: RecordedArchive, label: string): void => {
    found += 1;
    kept.set(name, `${label} #${found}`);
  };
  for (const archive of archives) {
    const current = PERIODS[rule](archive.at);
    if (current === period) continue;
    period = current;
    if (!kept.has(archive.name)) take(archive, rule);
    if (found === count) return;
  }
  const oldest = archives.at(-1);
  if (oldest && !kept.has(oldest.name)) take(oldest, `${rule}[oldest]`);
};

/**
 * Decides which archives of one series stay. The rules are those of `borg prune`, applied to good archives in UTC. Beyond them:
 *
 *   - no rule at all keeps everything;
 *   - an archive that is not good never replaces a good one. It is removed as soon as there is a newer good one; until then it may
 *     be the best there is;
 *   - the newest is the one whose backup the log has last, and its time is that of the log: a client's clock decides nothing;
 *   - hence the newest good archive stays whatever the rules say, and so does everything when none is good.
 *
 * decide-retention.int.test.ts compares it with `borg prune`. See docs/decisions/0009-retention-of-our-own.md.
 */
export const decideRetention = (archives: readonly RecordedArchive[], keep: Keep): RetentionDecision => {
  const sorted = newestFirst(archives);
  const kept = new Map<string, string>();
  if (RULES.every((rule) => keep[rule] === 0)) {
    for (const { name } of sorted) kept.set(name, 'no rule');
    return { kept, removed: [] };
  }
  const good = sorted.filter((archive) => archive.good);
  for (const rule of RULES) applyRule(good, rule, keep[rule], kept);
  for (const archive of sorted) {
    if (archive.good) break;
    kept.set(archive.name, 'nothing good is newer');
  }
  return { kept, removed: sorted.flatMap(({ name }) => (kept.has(name) ? [] : [name])) };
};
