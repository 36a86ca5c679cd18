import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';

const scriptOf = (name: string): string => readScript(new URL(name, import.meta.url));

/** Functions for scripts that go to folders in which another user may create links; comes before such a script. */
export const WALK = scriptOf('./walk.sh');
const MAKE_STAGE = `${WALK}\n${scriptOf('./make-stage.sh')}`;

const REMOVE_FOLDER = scriptOf('./remove-folder.sh');

const TIMEOUT_MILLIS = 60 * 60_000;

const cannotBeMade = (folder: string, { where }: BorgRunner, stderr: string): JobFailure =>
  new JobFailure(`The folder ${folder} cannot be made on ${where}: ${stderr.trim()}`);

export const joined = (folder: string, path: string): string => `${folder.replace(/\/+$/, '')}/${path}`;

const OWNERSHIP_MILLIS = 10_000;

/**
 * Removes a folder of the job, unless another attempt has the job now and may use it. A failure is only a warning: the result of
 * the job counts more than a folder that stays.
 */
const removeBy = async (
  context: JobContext,
  runner: BorgRunner,
  { folder, argv }: { readonly folder: string; readonly argv: readonly string[] },
): Promise<void> => {
  const { output } = context;
  try {
    await context.assertOwnership(AbortSignal.timeout(OWNERSHIP_MILLIS));
    const { exitCode, stderr } = await runCommand(runner, argv, { timeoutMillis: TIMEOUT_MILLIS });
    if (exitCode !== 0) throw new Error(stderr.trim());
  } catch (error) {
    output.write('system_warning', `The folder ${folder} on ${runner.where} could not be removed: ${messageOf(error)}`);
  }
};

/** See `removeBy`. */
export const removeFolder = (context: JobContext, runner: BorgRunner, folder: string): Promise<void> =>
  removeBy(context, runner, { folder, argv: ['sh', '-c', REMOVE_FOLDER, 'sh', folder] });

/**
 * Makes a folder, and a private one from which things can be renamed to their paths below the folder. In the private one there is
 * a folder to extract to, and one for times. A job that is stopped meanwhile leaves none.
 * @returns the private folder's path, without links
 * @throws JobFailure
 */
export const makeStage = async (
  context: JobContext,
  runner: BorgRunner,
  stage: {
    readonly root: string;
    readonly below: string;
    readonly name: string;
    readonly inPlace: boolean;
    /** How long the path of the folder to extract to may be, unless every other folder is unsafe. */
    readonly room: number;
  },
): Promise<string> => {
  const { root, below, name, inPlace, room } = stage;
  const { signal } = context;
  const argv = ['sh', '-c', MAKE_STAGE, 'sh', root, name, inPlace ? 'yes' : 'no', below, String(room)];
  try {
    const options = { signal, timeoutMillis: TIMEOUT_MILLIS };
    const { exitCode, stdout, stderr } = await runCommand(runner, [...argv, 'make'], options);
    if (exitCode !== 0) throw cannotBeMade(joined(root, name), runner, stderr);
    return stdout.replace(/\n$/, '');
  } catch (error) {
    // It may be there, although we were not told where.
    await removeBy(context, runner, { folder: joined(root, name), argv: [...argv, 'remove'] });
    throw error;
  }
};

/** As Linux has it, without the NUL at its end. Borg names each item that it extracts by its whole path. */
const MAX_PATH_BYTES = 4_095;
const SHOWN = 60;

/** Each byte that is no UTF-8 is a lone surrogate. */
const bytesOf = (path: string): number => Buffer.byteLength(path.replaceAll(/[\udc80-\udcff]/gu, 'x'));

/** The longest of many paths. */
export interface LongestPath {
  add(item: { readonly path: string }): void;
  /** How long a path the folder may have to which the items are extracted. */
  room(): number;
  /** @throws JobFailure when borg could not extract the longest to this folder */
  mustFit(folder: string): void;
}

export const createLongestPath = (): LongestPath => {
  let longest = '';
  let bytes = 0;
  return {
    add: ({ path }) => {
      // No character has more than three bytes for each of JavaScript's.
      if (3 * path.length <= bytes || bytesOf(path) <= bytes) return;
      longest = path;
      bytes = bytesOf(path);
    },
    room: () => Math.max(0, MAX_PATH_BYTES - bytes - 1),
    mustFit: (folder) => {
      const whole = bytesOf(joined(folder, '')) + bytes;
      if (whole <= MAX_PATH_BYTES) return;
      throw new JobFailure(
        `Borg cannot extract ${longest.slice(0, SHOWN)}…${longest.slice(-SHOWN)}: this path would have ${whole} bytes below ${folder}, ` +
          `and borg makes none of more than ${MAX_PATH_BYTES}. Nothing was restored: download its folder as tar, or choose items ` +
          'without it.',
      );
    },
  };
};
