import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { JobFailure } from '../job/job-failure.ts';
import type { JobContext } from '../work/job-context.ts';
import { WALK } from './walk-script.ts';

const TIMEOUT_MILLIS = 60 * 60_000;

const cannotBeMade = (folder: string, { where }: BorgRunner, said: string): JobFailure =>
  new JobFailure(`The folder ${folder} cannot be made on ${where}: ${said.trim()}`);

/** @throws JobFailure */
export const makeFolder = async (runner: BorgRunner, folder: string, signal: AbortSignal): Promise<void> => {
  const { exitCode, stderr } = await runCommand(runner, ['mkdir', '-p', '--', folder], { signal });
  if (exitCode !== 0) throw cannotBeMade(folder, runner, stderr);
};

/**
 * Makes the folder `$1` and, for what goes to `$4` below it, a new private one named `$2`, and prints where. That one is on
 * the same file system, and in the deepest folder in which, as in all above it, nobody else can rename what is ours: whoever
 * could would have us take other files than those we extracted. What another attempt left in such a folder goes away.
 */
const MAKE_STAGE = `
mkdir -p -- "$1" || exit
name=$2 follow=$3
${WALK}
device() { stat -c %d . 2>/dev/null || stat -f %d .; }
cd -P -- "$1" || exit
left=$4/
while [ -n "$left" ] && (walk "\${left%%/*}"); do
  walk "\${left%%/*}" || exit
  left=\${left#*/}
done
wanted=$(device) rest=\${PWD#/}/ best=
cd /
while is_safe; do
  if [ "$(device)" = "$wanted" ] && [ -w . ]; then best=$PWD; rm -rf -- "./$name" || exit; fi
  [ -n "\${rest%/}" ] && cd -P -- "./\${rest%%/*}" || break
  rest=\${rest#*/}
done
[ -n "$best" ] || {
  echo "on its file system there is no folder to put the files together in that only this account and root can write to; choose another destination" >&2
  exit 3
}
cd -P -- "$best" && mkdir -m 700 -- "./$name" && printf '%s\\n' "\${best%/}/$name"`.trim();

export const joined = (folder: string, path: string): string => `${folder.replace(/\/+$/, '')}/${path}`;

/**
 * Makes a folder, and a private one to extract to, empty, from which things can be renamed to their places below it.
 * @returns the private folder's path, without links
 * @throws JobFailure
 */
export const makeStage = async (
  runner: BorgRunner,
  stage: { readonly root: string; readonly below: string; readonly name: string; readonly inPlace: boolean },
  signal: AbortSignal,
): Promise<string> => {
  const { root, below, name, inPlace } = stage;
  const argv = ['sh', '-c', MAKE_STAGE, 'sh', root, name, inPlace ? 'yes' : 'no', below];
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { signal, timeoutMillis: TIMEOUT_MILLIS });
  if (exitCode !== 0) throw cannotBeMade(joined(root, name), runner, stderr);
  return stdout.replace(/\n$/, '');
};

const PROVE_MILLIS = 10_000;

/**
 * Removes a folder of the job, which another attempt's would be, too. What the job found out counts more than a folder that
 * stays, which is told.
 */
export const removeFolder = async (context: JobContext, runner: BorgRunner, folder: string): Promise<void> => {
  const { output } = context;
  try {
    await context.prove(AbortSignal.timeout(PROVE_MILLIS));
    const { exitCode, stderr } = await runCommand(runner, ['rm', '-rf', '--', folder], {
      timeoutMillis: TIMEOUT_MILLIS,
    });
    if (exitCode !== 0) throw new Error(stderr.trim());
  } catch (error) {
    output.write('system_warning', `The folder ${folder} on ${runner.where} could not be removed: ${messageOf(error)}`);
  }
};
