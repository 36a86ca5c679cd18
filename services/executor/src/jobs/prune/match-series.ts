import type { RecordedArchive } from '../../tables/series.ts';
import type { SeriesArchive } from './decide-retention.ts';

export interface MatchedSeries {
  /** In the repository. One that was not recorded as complete (its job was lost or canceled at the very end) is not good. */
  readonly present: readonly SeriesArchive[];
  /** Names of the checkpoints that borg keeps of unfinished backups. */
  readonly unfinished: readonly string[];
}

const CHECKPOINT = /\.checkpoint(\.\d+)?$/;

/** Finds the archives of a series among those of the repository. All others are ignored. */
export const matchSeries = (
  recorded: readonly RecordedArchive[],
  listed: readonly { readonly name: string; readonly start: string }[],
): MatchedSeries => {
  const starts = new Map(listed.map(({ name, start }) => [name, Date.parse(start)]));
  const names = new Set(recorded.map(({ name }) => name));
  return {
    present: recorded.flatMap(({ name, at, good }) => {
      const start = starts.get(name);
      return start === undefined ? [] : [{ name, at: start, good: good && at !== null }];
    }),
    unfinished: [...starts.keys()].filter(
      (name) => !names.has(name) && CHECKPOINT.test(name) && names.has(name.replace(CHECKPOINT, '')),
    ),
  };
};

/** The longest common prefix of all names. */
export const commonPrefix = (names: readonly string[]): string => {
  const sorted = names.toSorted();
  const [first = '', last = ''] = [sorted[0], sorted.at(-1)];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
};
