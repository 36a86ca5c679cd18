import type { ArchiveEntry, BorgRunner } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import type { JobContext } from '../../job/job-context.ts';
import { entryProblem, nameProblem } from './compare-entry.ts';
import { hashPaths, statPaths } from './file-facts.ts';
import type { SelectedEntries } from './selected-entries.ts';

/** How the restored items compare with the archive. Folders are compared, but not counted as verified. */
export interface Verification {
  readonly verified: number;
  readonly differing: number;
  /** The first hundred, each with what is wrong. */
  readonly mismatches: readonly string[];
}

const MAX_MISMATCHES = 100;

/** Of further hard links borg has no contents; they share those of the first. */
const hasContents = ({ type, sha256 = '' }: ArchiveEntry): boolean => type === '-' && sha256 !== '';

/** For each entry the problem with its contents, by borg's second reading of the archive; empty when there is none. */
const compareContents = async (
  runner: BorgRunner,
  folder: string,
  entries: readonly ArchiveEntry[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const files = entries.filter(hasContents);
  const hashes = files.length > 0 ? await hashPaths(runner, folder, files, { signal }) : [];
  const differing = new Set(files.filter(({ sha256 }, index) => hashes[index] !== sha256));
  return entries.map((entry) => (differing.has(entry) ? 'its contents are not those in the archive' : ''));
};

/**
 * Compares every restored item with the archive: whether it is there; unless `none` was asked for, its type, size and time; and for
 * `contents` the SHA-256 of the file on the disk with that of a second reading of the archive, which borg makes where it runs
 * (`{sha256}` of its listing), so that no contents cross the network.
 * @param options.folder where an archive's paths begin
 */
export const verifyRestored = async (
  { signal }: JobContext,
  runner: BorgRunner,
  selected: SelectedEntries,
  { folder, verify }: { readonly folder: string; readonly verify: RestoreRequest['verify'] },
): Promise<Verification> => {
  let [verified, differing] = [0, 0];
  const mismatches: string[] = [];
  const problemOf = verify === 'none' ? nameProblem : entryProblem;

  const note = ({ path, type }: ArchiveEntry, problem: string): void => {
    if (problem === '') {
      if (type !== 'd' && verify !== 'none') verified += 1;
      return;
    }
    differing += 1;
    if (mismatches.length < MAX_MISMATCHES) mismatches.push(`${path}: ${problem}`);
  };

  const withDigests = verify === 'contents';
  await selected.each(
    async (entries) => {
      const found = await statPaths(runner, folder, entries, signal);
      const problems = entries.map((entry, index) => problemOf(entry, found[index]));
      const contents = withDigests ? await compareContents(runner, folder, entries, signal) : [];
      for (const [index, entry] of entries.entries()) note(entry, problems[index] || (contents[index] ?? ''));
    },
    { withDigests },
  );
  return { verified, differing, mismatches };
};
