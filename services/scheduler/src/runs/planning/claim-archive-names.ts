import { claim, type ClaimDeps } from '@cyborgbackup/event-store';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import { inParallel } from '../../collections/in-parallel.ts';
import { nthName } from './archive-name.ts';
import type { PreferredName } from './plan-run.ts';

/** Several runs of one minute are rare: when so many names are taken, something else is wrong. */
const MAX_CANDIDATES = 1_000;
const CONCURRENT_CLAIMS = 16;

/**
 * Claims a name for each archive, for ever: the preferred one, or the first of `name-2`, `name-3`, … that is free. This is
 * idempotent by the owner: a run that is tried again gets the same names.
 * @param options the stream that the names belong to, and the uuid of the repository, where a name is unique
 */
export const claimArchiveNames = async (
  deps: ClaimDeps,
  options: { readonly owner: string; readonly repository: string; readonly preferred: readonly PreferredName[] },
): Promise<ReadonlyMap<string, string>> => {
  const { owner, repository, preferred } = options;
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

  /** Jobs that prefer the same name have the same owner, whose claims do not conflict: each takes a number of its own. */
  const claimAll = async (jobs: readonly PreferredName[]): Promise<void> => {
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

  await inParallel([...Map.groupBy(preferred, ({ name }) => name).values()], CONCURRENT_CLAIMS, claimAll);
  return names;
};
