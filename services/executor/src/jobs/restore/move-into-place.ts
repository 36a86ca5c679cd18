import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { WALK } from './folders.ts';
import type { RestoreTarget } from './restore-target.ts';
import type { SelectedEntries } from './selected-entries.ts';

/*
 * How restored files move from the folder they were extracted to (the stage) to their destinations, by the policy `$policy`: always,
 * newer, never or keep-both. Names reach the scripts as arguments of `find -exec`, so that a name can never be taken for anything else;
 * the scripts themselves go through the environment, since find would insert the name wherever one of them has braces.
 *
 *   nothing exists there      moved, a folder with everything below it at once
 *   a folder meets a folder   looked into
 *   anything else meets       always: replaces it, unless it is a folder that has something in it; newer: replaces what is older,
 *                             if it is no folder; never: stays out; keep-both: moved beside it with `$suffix`, unless the contents
 *                             are the same
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
  [WALK, scriptOf('./folder-time.sh'), scriptOf('./move-common.sh')].join('\n'),
  scriptOf('./move-folder.sh'),
  scriptOf('./compare-files.sh'),
  scriptOf('./move-rest.sh'),
];

export interface MoveRequest {
  readonly replace: RestoreRequest['replace'];
  /** The folder that has the extracted files, as `makeStage` named it; of them only folders that were looked into are left. */
  readonly stage: string;
  /** Where an archive's paths begin, absolute. */
  readonly root: string;
  /** Appended to the name of a restored file that is kept beside another one. */
  readonly suffix: string;
  /** Whether links that only root can have made are followed. */
  readonly inPlace: boolean;
  /** Folders above the selection that are links to follow. */
  readonly linkedParents: readonly string[];
  /** A folder to keep the times of folders that are looked into, before anything is moved out of them. */
  readonly times?: string | undefined;
}

/** How many of the files met others; `skippedBytes` is the size of those that were not restored. */
export interface MoveResult {
  readonly replaced: number;
  readonly kept_both: number;
  readonly skipped: number;
  readonly skippedBytes: number;
  /** Folders that met a folder. */
  readonly folders: number;
}

const TIMEOUT_MILLIS = 7 * 24 * 60 * 60_000;

/** What move-all.sh prints at its end. */
const countsOf = (printed: string): MoveResult & { readonly errors: number } => {
  const counts = printed.trim().split(' ').map(Number);
  const [replaced = 0, kept_both = 0, skipped = 0, skippedBytes = 0, folders = 0, errors = 1] = counts;
  return { replaced, kept_both, skipped, skippedBytes, folders, errors };
};

/** @throws JobFailure when some files could not be moved */
export const moveIntoPlace = async (
  runner: BorgRunner,
  { replace, stage, root, suffix, inPlace, linkedParents, times = '' }: MoveRequest,
  options: { readonly signal: AbortSignal; readonly cleanup: readonly string[] },
): Promise<MoveResult> => {
  const parents = linkedParents.map((path) => `./${path}`).join('\n');
  const settings = [replace, stage, root, suffix, inPlace ? 'yes' : 'no', parents, times];
  const argv = ['sh', '-c', MOVE_ALL, 'sh', ...settings, ...SCRIPTS];
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { ...options, timeoutMillis: TIMEOUT_MILLIS });
  const { errors, ...result } = countsOf(stdout);
  if (exitCode === 0 && errors === 0) return result;
  const reason = stderr.trim().split('\n').slice(0, 3).join('; ').slice(0, 300);
  throw new JobFailure(`Restored files could not be put in their places on ${runner.where}: ${reason}.`);
};

const FOLDER_ATTRIBUTES = [WALK, scriptOf('./folder-time.sh'), scriptOf('./folder-attributes.sh')].join('\n');
const ATTRIBUTES_MILLIS = 60 * 60_000;

/**
 * Gives the selected folders that were there already the owner, mode and time of the archive: their contents were moved into them.
 * @param extracted what is left of the private folder that borg extracted to, and where the times of folders were kept
 * @throws JobFailure
 */
export const restoreFolderAttributes = async (
  restore: {
    readonly context: JobContext;
    readonly target: Pick<RestoreTarget, 'files'>;
    readonly entries: SelectedEntries;
    readonly root: string;
    readonly inPlace: boolean;
  },
  extracted: { readonly stage: string; readonly times: string },
): Promise<void> => {
  const { context, target, entries, root, inPlace } = restore;
  const { signal } = context;
  await entries.each(async (batch) => {
    const folders = batch.filter(({ type }) => type === 'd').map(({ path }) => path);
    if (folders.length === 0) return;
    const argv = [
      'sh',
      '-c',
      FOLDER_ATTRIBUTES,
      'sh',
      extracted.stage,
      root,
      extracted.times,
      inPlace ? 'yes' : 'no',
      ...folders,
    ];
    const { exitCode, stderr } = await runCommand(target.files, argv, { signal, timeoutMillis: ATTRIBUTES_MILLIS });
    if (exitCode === 0) return;
    throw new JobFailure(
      `All files are in their places, but folders in ${root} on ${target.files.where} could not be given their owner, mode and time: ${stderr.trim().slice(0, 300)}`,
    );
  });
};
