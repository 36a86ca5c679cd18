import { compareLines, type Turn } from '../queue/fair-share.ts';

/** Jobs of one policy that wait for the same thing: either all of them launched by somebody, or none. */
export interface Line extends Turn {
  readonly policy: string;
  readonly manual: boolean;
  readonly jobs: number;
  /** The id of its first job. */
  readonly head: number;
  /** Jobs with a smaller id than the one that is asked about. */
  readonly older: number;
}

/** How many jobs are served before one. */
export interface Ahead {
  readonly jobs: number;
  /** Of these, launched by somebody while the one in question was not. */
  readonly manual: number;
  /** Of these, younger ones of other policies. */
  readonly inTurn: number;
}

const compare = (a: Line, b: Line): number => compareLines(asWaiting(a), asWaiting(b));

const asWaiting = (line: Line): Parameters<typeof compareLines>[0] => ({
  turn: line,
  manual: line.manual,
  jobs: [{ id: line.head }],
});

/** Policies with the same number of slots take turns; one with fewer slots is served to its end before. */
const servedBefore = (line: Line, own: Line): number => {
  if (line.held !== own.held) return line.held < own.held ? line.jobs : 0;
  return Math.min(line.jobs, own.older + (compare(line, own) < 0 ? 1 : 0));
};

/** Who was served last when all these lines have been: the longer ones, of those that take turns. */
const compareEnds = (a: Line, b: Line): number => a.held - b.held || a.jobs - b.jobs || compare(a, b);

/** Once the jobs that somebody launched are served, their policies come after the others. */
const afterManual = (manual: readonly Line[], scheduled: readonly Line[]): readonly Line[] => {
  const latest = Math.max(0, ...scheduled.map(({ lastGrant }) => lastGrant));
  const ends = new Map(manual.toSorted(compareEnds).map(({ policy }, index) => [policy, latest + 1 + index]));
  return scheduled.map((line) => ({ ...line, lastGrant: ends.get(line.policy) ?? line.lastGrant }));
};

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * What is served before the job of this line that has `older` jobs before it, if one job is served after the other and none
 * comes in between.
 * @param lines all that wait for the same thing, its own among them
 */
export const countAhead = (lines: readonly Line[], { policy, manual }: Pick<Line, 'policy' | 'manual'>): Ahead => {
  const byHand = lines.filter((line) => line.manual);
  const scheduled = lines.filter((line) => !line.manual);
  const alike = manual ? byHand : afterManual(byHand, scheduled);
  const own = alike.find((line) => line.policy === policy);
  if (!own) return { jobs: 0, manual: 0, inTurn: 0 };
  const others = alike.filter((line) => line !== own);
  const before = others.map((line) => servedBefore(line, own));
  const younger = others.map((line, index) => Math.max(0, (before[index] ?? 0) - line.older));
  const first = manual ? 0 : sumOf(byHand.map(({ jobs }) => jobs));
  return { jobs: first + own.older + sumOf(before), manual: first, inTurn: sumOf(younger) };
};
