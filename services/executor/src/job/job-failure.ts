import { isSshError } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';

/** The job itself went wrong, for a reason that trying the same again at once would not cure. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  /** failed = borg or the remote side said so; error = it could not be run at all. */
  readonly status: 'failed' | 'error';
  readonly exitCode: number | null;

  /** @param reason one sentence for people: what is wrong and what to do */
  constructor(reason: string, options: { status?: 'failed' | 'error'; exitCode?: number | null } = {}) {
    super(reason);
    this.status = options.status ?? 'failed';
    this.exitCode = options.exitCode ?? null;
  }
}

/** The job was stopped by us: somebody canceled it, or another executor has it now. */
export class JobStopped extends Error {
  override readonly name = 'JobStopped';
}

/** The failure to record for whatever a step threw; undefined for trouble of our own parts, which is worth another try. */
export const asJobFailure = (error: unknown): JobFailure | undefined => {
  if (error instanceof JobFailure) return error;
  if (isSshError(error)) return new JobFailure(messageOf(error));
  return undefined;
};
