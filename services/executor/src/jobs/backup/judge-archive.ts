import type { ArchiveFacts } from '@cyborgbackup/contracts';
import { humanBytes } from '@cyborgbackup/kernel';
import type { LastBackup } from '../../read/series.ts';

export interface Judgement {
  readonly archive: Pick<ArchiveFacts, 'name' | 'files' | 'original_size'>;
  /** There was nothing to back up: no file, or a dump of no bytes. */
  readonly isEmpty: boolean;
  readonly last: LastBackup | undefined;
  /** Percent by which a source may shrink; null = also to nothing. */
  readonly shrinkLimit: number | null;
}

/** Why an archive cannot be trusted although borg made it; undefined when nothing speaks against it. */
export const plausibilityError = ({ archive, isEmpty, last, shrinkLimit }: Judgement): string | undefined => {
  if (shrinkLimit === null) return undefined;
  const advice = 'If that is right, raise or clear shrink_limit of the policy for one run.';
  if (isEmpty) return `The source was empty. ${advice}`;
  if (!last || last.originalSize === 0) return undefined;
  const shrunk = 100 * (1 - archive.original_size / last.originalSize);
  if (shrunk <= shrinkLimit) return undefined;
  const from = `${humanBytes(last.originalSize)} in ${last.archive} to ${humanBytes(archive.original_size)}`;
  return `The source shrank by ${Math.floor(shrunk)} %, from ${from}; ${shrinkLimit} % are allowed. ${advice}`;
};
