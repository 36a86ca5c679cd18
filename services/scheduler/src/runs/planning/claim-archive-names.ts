import { claim, type ClaimDeps } from '@cyborgbackup/event-store';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import { inParallel } from '../../collections/in-parallel.ts';
import { nthName } from './archive-name.ts';
import type { WantedArchive } from './plan-run.ts';

/** Several runs of one minute are rare; whoever comes this far has some other trouble. */
const MAX_CANDIDATES = 1_000;
const CONCURRENT_CLAIMS = 16;

export interface ArchiveClaims {
  /** The stream that the names belong to. */
  readonly owner: string;
  /** Uuid of the repository: a name is unique there. */
  readonly repository: string;
  readonly wanted: readonly WantedArchive[];
}

/**
 * Takes a name for each archive, for ever: the wanted one, or the first of `name-2`, `name-3`, … that nobody has. A launch
 * that is tried again has the same owner, and gets the same ones.
 */
export const claimArchiveNames = async (
  deps: ClaimDeps,
  { owner, repository, wanted }: ArchiveClaims,
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>();

  const isTaken = async (name: string): Promise<boolean> => {
    try {
      await claim(deps, { kind: 'archive', value: `${repository}/${name}`, owner });
      return false;
    } catch (error) {
      if (!hasCode(error, 'conflict')) throw error;
      return true;
    }
  };

  /** Jobs of one launch own their claims together, so those that want the same name take different ones by themselves. */
  const claimAll = async (jobs: readonly WantedArchive[]): Promise<void> => {
    let n = 0;
    for (const { job, name } of jobs) {
      do {
        n += 1;
        if (n > MAX_CANDIDATES)
          throw new AppError('conflict', `No name is free for the archive ${name}: wait a minute.`);
      } while (await isTaken(nthName(name, n)));
      names.set(job, nthName(name, n));
    }
  };

  await inParallel([...Map.groupBy(wanted, ({ name }) => name).values()], CONCURRENT_CLAIMS, claimAll);
  return names;
};
