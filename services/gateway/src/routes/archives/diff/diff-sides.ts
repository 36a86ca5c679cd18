import { isInSequence } from '@cyborgbackup/read-models';
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
  select v.* from catalog.ended_entries e cross join lateral unnest(e.numbers) as ended(number)
         join catalog.entries v on v.series_id = e.series_id and v.number = ended.number
   where e.series_id = $1 and e.sequence > $2 and e.sequence <= $3
     and ${isInSequence('v', '$2')} and v.last_archive < $3`;

const BEGUN = `
  select v.* from catalog.entries v
   where v.series_id = $1 and v.number >= $4 and v.number < $5
     and v.first_archive > $2 and v.first_archive <= $3 and v.last_archive >= $3`;

const inOneSeries = ({ from, to }: ArchivePair): DiffSides => {
  const isForward = from.sequence <= to.sequence;
  const [earlier, later] = isForward ? [from, to] : [to, from];
  const values = [from.series_id, earlier.sequence, later.sequence, earlier.next_number, later.next_number];
  return isForward ? { removed: ENDED, added: BEGUN, values } : { removed: BEGUN, added: ENDED, values };
};

const versionsOf = (series: string, sequence: string): string =>
  `select v.* from catalog.entries v where v.series_id = ${series} and ${isInSequence('v', sequence)}`;

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
    values: [from.series_id, from.sequence, to.series_id, to.sequence],
  };
};

/**
 * Two archives of one series differ by what was listed between them: new entries were numbered one after the other, and which
 * entries ended is noted. So the cost is that of the difference. Archives of different series are compared entry by entry.
 */
export const diffSides = (pair: ArchivePair): DiffSides =>
  pair.from.series_id === pair.to.series_id ? inOneSeries(pair) : ofTwoSeries(pair);
