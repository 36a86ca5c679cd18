import type { FoundArchive } from '../find-archive.ts';

/** The two archives of a comparison. */
export interface ArchivePair {
  readonly from: FoundArchive;
  readonly to: FoundArchive;
}

/** Queries with their parameters: the versions that only the first has (`removed`), and only the second (`added`). */
interface DiffSides {
  readonly removed: string;
  readonly added: string;
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

const inOneSeries = ({ from, to }: ArchivePair): DiffSides => {
  const isForward = from.sequence <= to.sequence;
  const [earlier, later] = isForward ? [from, to] : [to, from];
  const values = [from.series, earlier.sequence, later.sequence, earlier.next, later.next];
  return isForward ? { removed: ENDED, added: BEGUN, values } : { removed: BEGUN, added: ENDED, values };
};

const versionsOf = (series: string, sequence: string): string =>
  `select v.* from catalog.versions v where v.series = ${series} and v.first_seq <= ${sequence} and v.last_seq >= ${sequence}`;

/** Entries that are the same have the same fingerprint. `not in` would go through a long list of others for each entry. */
const except = (mine: string, others: string): string => `
  select mine.* from (${mine}) mine
   where not exists (select from (${others}) others where others.fingerprint = mine.fingerprint)`;

const ofTwoSeries = ({ from, to }: ArchivePair): DiffSides => {
  const first = versionsOf('$1', '$2');
  const second = versionsOf('$3', '$4');
  return {
    removed: except(first, second),
    added: except(second, first),
    values: [from.series, from.sequence, to.series, to.sequence],
  };
};

/**
 * Two archives of one series differ by what was listed between them: new entries were numbered one after the other, and which
 * entries ended is noted. So the cost is that of the difference. Archives of different series are compared entry by entry.
 */
export const diffSides = (pair: ArchivePair): DiffSides =>
  pair.from.series === pair.to.series ? inOneSeries(pair) : ofTwoSeries(pair);
