import type {
  ArchiveFacts,
  CheckResult,
  DrillResult,
  RepositorySizes,
  RestoreResult,
  VirtualMachine,
} from '@cyborgbackup/contracts';

/** What a job that ended well has to tell. */
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
