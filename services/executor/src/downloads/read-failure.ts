import { explainFailure, type BorgResult, type BorgFailureKind } from '@cyborgbackup/borg';
import { AppError, isAppError, messageOf, type ErrorCode } from '@cyborgbackup/kernel';
import { asJobFailure } from '../job/job-failure.ts';

const CODES: Partial<Record<BorgFailureKind, ErrorCode>> = {
  'no-archive': 'not-found',
  passphrase: 'conflict',
  'no-repository': 'conflict',
  'bad-repository': 'conflict',
  damaged: 'conflict',
};

const BUSY =
  'The repository is being written to at this moment, so nothing can be read from it: try again when the job has ended.';

/** Why borg could not read the archive to its end, for the one who asked for it. */
export const readFailure = (result: BorgResult, where: string): AppError => {
  if (result.outcome === 'idle') return new AppError('unavailable', `Borg on ${where} said nothing for too long.`);
  const { kind, message } = explainFailure(result);
  return new AppError(CODES[kind] ?? 'unavailable', kind === 'locked' ? BUSY : message);
};

/** The same for whatever kept borg from being run at all. */
export const asReadFailure = (error: unknown): unknown => {
  if (isAppError(error)) return error;
  const failure = asJobFailure(error);
  return failure ? new AppError('unavailable', messageOf(failure), { cause: error }) : error;
};
