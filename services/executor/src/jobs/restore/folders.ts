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
  stage: { readonly root: string; readonly below: string; readonly name: string; readonly inPlace: boolean },
): Promise<string> => {
  const { root, below, name, inPlace } = stage;
  const { signal } = context;
  const argv = ['sh', '-c', MAKE_STAGE, 'sh', root, name, inPlace ? 'yes' : 'no', below];
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
