import { isInSequence } from '@cyborgbackup/read-models';
import type { ListedArchive } from './find-archive.ts';

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
  select v.* from catalog.ended_entries e cross join lateral unnest(e.numbers) as ended(number)
         join catalog.entries v on v.series_id = e.series_id and v.number = ended.number
   where e.series_id = $1 and e.sequence > $2 and e.sequence <= $3
     and ${isInSequence('v', '$2')} and v.last_archive < $3`;

const BEGUN = `
  select v.* from catalog.entries v
   where v.series_id = $1 and v.number >= $4 and v.number < $5
     and v.first_archive > $2 and v.first_archive <= $3 and v.last_archive >= $3`;

const inOneSeries = ({ from, to }: Pair): DiffSides => {
  const isForward = from.sequence <= to.sequence;
  const [earlier, later] = isForward ? [from, to] : [to, from];
  const values = [from.series_id, earlier.sequence, later.sequence, earlier.next_number, later.next_number];
  return isForward ? { gone: ENDED, come: BEGUN, values } : { gone: BEGUN, come: ENDED, values };
};

const of = (series: string, sequence: string): string =>
  `select v.* from catalog.entries v where v.series_id = ${series} and ${isInSequence('v', sequence)}`;

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
    values: [from.series_id, from.sequence, to.series_id, to.sequence],
  };
};

/**
 * Two archives of one series differ by what was listed between them: new entries were numbered one after the other, and which
 * entries ended is noted. So the cost is that of the difference. Archives of different series are compared entry by entry.
 */
export const diffSides = (pair: Pair): DiffSides =>
  pair.from.series_id === pair.to.series_id ? inOneSeries(pair) : ofTwoSeries(pair);
