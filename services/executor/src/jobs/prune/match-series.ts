import type { RecordedArchive } from '../../tables/series.ts';

export interface MatchedSeries {
  readonly present: readonly RecordedArchive[];
  /** Names of the checkpoints that borg keeps of unfinished backups. */
  readonly unfinished: readonly string[];
}

const CHECKPOINT = /\.checkpoint(\.\d+)?$/;

/** Finds the archives of a series among those of the repository, whose times are the clients' and do not count. */
export const matchSeries = (
  recorded: readonly RecordedArchive[],
  listed: readonly { readonly name: string }[],
): MatchedSeries => {
  const there = new Set(listed.map(({ name }) => name));
  const names = new Set(recorded.map(({ name }) => name));
  return {
    present: recorded.filter(({ name }) => there.has(name)),
    unfinished: [...there].filter(
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
