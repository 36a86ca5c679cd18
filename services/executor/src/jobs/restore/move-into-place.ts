import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import { JobFailure } from '../../job/job-failure.ts';
import { WALK } from './folders.ts';

/*
 * How restored files move from the folder they were extracted to (the stage) to their destinations, by the policy `$policy`: newer,
 * never or keep-both. Names reach the scripts as arguments of `find -exec`, so that a name can never be taken for anything else;
 * the scripts themselves go through the environment, since find would insert the name wherever one of them has braces.
 *
 *   nothing exists there      moved, a folder with everything below it at once
 *   a folder meets a folder   looked into
 *   anything else meets       newer: replaces what is older, if it is no folder; never: stays out; keep-both: moved beside it
 *                             with `$suffix`, unless the contents are the same
 *
 * A link is never treated as a folder, wherever it leads; except for those links above the selection that `$parents` names, each
 * on a line. The owner of a destination may create another link there at any moment: so each script goes to the destination (see
 * walk.sh) and moves things to its current folder, by their own names, where no link is followed either.
 *
 * First each folder is handled, then the files of those that were looked into: a file that meets another one gives a line, `r` when
 * it will replace that one, `k` when it was kept beside it, `s` with its size and mode when it stays out and was removed; then all
 * that is left is moved. `e` is an error. Moving is renaming on one file system, so a path has the old file or the new one, never a
 * part. See docs/decisions/0017-restores-go-through-a-private-folder.md.
 */
const scriptOf = (name: string): string => readScript(new URL(name, import.meta.url));
const MOVE_ALL = scriptOf('./move-all.sh');
const SCRIPTS = [
  `${WALK}\n${scriptOf('./move-common.sh')}`,
  scriptOf('./move-folder.sh'),
  scriptOf('./compare-files.sh'),
  scriptOf('./move-rest.sh'),
];

export interface MoveRequest {
  readonly replace: Exclude<RestoreRequest['replace'], 'always'>;
  /** The folder that has the extracted files, as `makeStage` named it; it is gone afterwards. */
  readonly stage: string;
  /** Where an archive's paths begin, absolute. */
  readonly root: string;
  /** Appended to the name of a restored file that is kept beside another one. */
  readonly suffix: string;
  /** Whether links that only root can have made are followed. */
  readonly inPlace: boolean;
  /** Folders above the selection that are links to follow. */
  readonly linkedParents: readonly string[];
}

/** How many of the files met others; `skippedBytes` is the size of those that were not restored. */
export interface MoveResult {
  readonly replaced: number;
  readonly kept_both: number;
  readonly skipped: number;
  readonly skippedBytes: number;
}

const TIMEOUT_MILLIS = 7 * 24 * 60 * 60_000;

/** @throws JobFailure when some files could not be moved */
export const moveIntoPlace = async (
  runner: BorgRunner,
  { replace, stage, root, suffix, inPlace, linkedParents }: MoveRequest,
  options: { readonly signal: AbortSignal; readonly cleanup: readonly string[] },
): Promise<MoveResult> => {
  const parents = linkedParents.map((path) => `./${path}`).join('\n');
  const settings = [replace, stage, root, suffix, inPlace ? 'yes' : 'no', parents];
  const argv = ['sh', '-c', MOVE_ALL, 'sh', ...settings, ...SCRIPTS];
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { ...options, timeoutMillis: TIMEOUT_MILLIS });
  const [replaced = 0, kept_both = 0, skipped = 0, skippedBytes = 0, errors = 1] = stdout.trim().split(' ').map(Number);
  if (exitCode === 0 && errors === 0) return { replaced, kept_both, skipped, skippedBytes };
  const reason = stderr.trim().split('\n').slice(0, 3).join('; ').slice(0, 300);
  throw new JobFailure(`Restored files could not be put in their places on ${runner.where}: ${reason}.`);
};
