import type { RepositoryInfo } from '@cyborgbackup/borg';
import type {
  ArchiveFacts,
  CheckResult,
  DrillResult,
  RepositorySizes,
  RestoreResult,
  VirtualMachine,
} from '@cyborgbackup/contracts';

/** What is recorded of a job that succeeded. */
export interface JobResult {
  readonly warnings: readonly string[];
  readonly archive: ArchiveFacts | null;
  readonly repositorySizes: RepositorySizes | null;
  /** Names of the archives that a prune removed. */
  readonly pruned: readonly string[];
  /** What a check of machines found. */
  readonly machines?: readonly VirtualMachine[];
  readonly restored?: RestoreResult;
  readonly drill?: DrillResult;
  readonly check?: CheckResult;
}

export const EMPTY_RESULT: JobResult = { warnings: [], archive: null, repositorySizes: null, pruned: [] };

/** A repository's sizes from borg's own statistics, as events carry them. */
export const repositorySizesOf = (cache: RepositoryInfo['cache']): RepositorySizes | null =>
  cache
    ? {
        original_size: cache.totalSize,
        compressed_size: cache.totalCompressedSize,
        deduplicated_size: cache.uniqueCompressedSize,
      }
    : null;
