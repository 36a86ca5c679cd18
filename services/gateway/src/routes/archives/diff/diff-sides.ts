import type { ListedArchive } from '../find-archive.ts';

/** Two archives: what does the second have that the first has not, and the other way round? */
export interface Pair {
  readonly from: ListedArchive;
  readonly to: ListedArchive;
}

/** In SQL, with the parameters that it needs: the versions that only the first has (`gone`), and only the second (`come`). */
export interface DiffSides {
  readonly gone: string;
  readonly come: string;
  readonly values: readonly number[];
}

/** $1 series; $2, $3 sequences of the earlier and the later; $4, $5 the numbers that were given between them. */
const ENDED = `
  select v.* from catalog.endings e cross join lateral unnest(e.numbers) as ended(number)
         join catalog.versions v on v.series = e.series and v.number = ended.number
   where e.series = $1 and e.sequence > $2 and e.sequence <= $3
     and v.first_seq <= $2 and v.last_seq >= $2 and v.last_seq < $3`;

const BEGUN = `
  select v.* from catalog.versions v
   where v.series = $1 and v.number >= $4 and v.number < $5
     and v.first_seq > $2 and v.first_seq <= $3 and v.last_seq >= $3`;

const inOneSeries = ({ from, to }: Pair): DiffSides => {
  const isForward = from.sequence <= to.sequence;
  const [earlier, later] = isForward ? [from, to] : [to, from];
  const values = [from.series, earlier.sequence, later.sequence, earlier.next, later.next];
  return isForward ? { gone: ENDED, come: BEGUN, values } : { gone: BEGUN, come: ENDED, values };
};

const of = (series: string, sequence: string): string =>
  `select v.* from catalog.versions v where v.series = ${series} and v.first_seq <= ${sequence} and v.last_seq >= ${sequence}`;

/** Entries that are the same have the same fingerprint. `not in` would go through a long list of others for each entry. */
const without = (mine: string, others: string): string => `
  select mine.* from (${mine}) mine
   where not exists (select from (${others}) others where others.fingerprint = mine.fingerprint)`;

const ofTwoSeries = ({ from, to }: Pair): DiffSides => {
  const first = of('$1', '$2');
  const second = of('$3', '$4');
  return {
    gone: without(first, second),
    come: without(second, first),
    values: [from.series, from.sequence, to.series, to.sequence],
  };
};

/**
 * Two archives of one series differ by what was listed between them: new entries were numbered one after the other, and which
 * entries ended is noted. So the cost is that of the difference. Archives of different series are compared entry by entry.
 */
export const diffSides = (pair: Pair): DiffSides =>
  pair.from.series === pair.to.series ? inOneSeries(pair) : ofTwoSeries(pair);
