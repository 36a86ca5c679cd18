import { isSshError, type SshErrorKind } from '@cyborgbackup/borg';
import type { ArchiveFacts, CheckResult, DrillResult, RestoreResult } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';

/** What is to be recorded beside the reason. */
export interface FailureFacts {
  /** failed = borg or the remote side said so; error = it could not be run at all. Default: failed. */
  readonly status?: 'failed' | 'error';
  readonly exitCode?: number | null;
  /** What borg warned of before the end. */
  readonly warnings?: readonly string[];
  /** An archive that is in the repository although the job failed. */
  readonly archive?: ArchiveFacts;
  readonly check?: CheckResult;
  readonly drill?: DrillResult;
  readonly restored?: RestoreResult;
  /** A connection failed or broke: the same again, a little later, may well succeed. Default: false. */
  readonly transport?: boolean;
}

/** The job itself went wrong, for a reason that trying the same again at once would not cure. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly facts: FailureFacts;

  /** @param reason one sentence for people: what is wrong and what to do */
  constructor(reason: string, facts: FailureFacts = {}) {
    super(reason);
    this.facts = facts;
  }
}

/** The job was stopped by us: somebody canceled it, or another executor has it now. */
export class JobStopped extends Error {
  override readonly name = 'JobStopped';
}

/** Failed connections that may be made another time; a refused key, a changed host key or a missing shell will not mend. */
const TRANSPORT = new Set<SshErrorKind>(['unknown-host', 'refused', 'unreachable', 'timeout', 'protocol', 'lost']);

/** The failure to record for whatever a step threw; undefined for trouble of our own parts, which is worth another try. */
export const asJobFailure = (error: unknown): JobFailure | undefined => {
  if (error instanceof JobFailure) return error;
  if (isSshError(error)) return new JobFailure(messageOf(error), { transport: TRANSPORT.has(error.kind) });
  return undefined;
};
