import type { ArchiveFacts, RepositorySizes } from '@cyborgbackup/contracts';

/** What a job that ended well has to tell. */
export interface JobResult {
  readonly warnings: readonly string[];
  readonly archive: ArchiveFacts | null;
  readonly repositorySizes: RepositorySizes | null;
  /** Names of the archives that a prune removed. */
  readonly pruned: readonly string[];
}

export const NOTHING_TO_TELL: JobResult = { warnings: [], archive: null, repositorySizes: null, pruned: [] };
