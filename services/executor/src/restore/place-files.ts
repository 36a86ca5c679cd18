import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import { JobFailure } from '../job/job-failure.ts';
import { placeCommand } from './place-script.ts';

export interface Placing {
  readonly replace: Exclude<RestoreRequest['replace'], 'always'>;
  /** The folder that has the extracted files, as `makeStage` named it; it is gone afterwards. */
  readonly stage: string;
  /** Where an archive's paths begin, absolute. */
  readonly root: string;
  /** Goes behind the name of a restored file that is kept beside another one. */
  readonly suffix: string;
  readonly inPlace: boolean;
  /** Folders above what was chosen that are links to follow. */
  readonly linkedParents: readonly string[];
}

/** How many of the files met others; `skippedBytes` is the size of those that were not restored. */
export interface Placed {
  readonly replaced: number;
  readonly keptBoth: number;
  readonly skipped: number;
  readonly skippedBytes: number;
}

const TIMEOUT_MILLIS = 7 * 24 * 60 * 60_000;

/** @throws JobFailure when some files could not be put in their places */
export const placeFiles = async (
  runner: BorgRunner,
  { replace, ...places }: Placing,
  options: { readonly signal: AbortSignal; readonly cleanup: readonly string[] },
): Promise<Placed> => {
  const argv = placeCommand({ policy: replace, ...places });
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { ...options, timeoutMillis: TIMEOUT_MILLIS });
  const [replaced = 0, keptBoth = 0, skipped = 0, skippedBytes = 0, errors = 1] = stdout.trim().split(' ').map(Number);
  if (exitCode === 0 && errors === 0) return { replaced, keptBoth, skipped, skippedBytes };
  const said = stderr.trim().split('\n').slice(0, 3).join('; ').slice(0, 300);
  throw new JobFailure(`Restored files could not be put in their places on ${runner.where}: ${said}.`);
};
