import { execPlain, type BorgRunner } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { JobFailure } from '../job/job-failure.ts';
import type { JobContext } from '../work/job-context.ts';

const TIMEOUT_MILLIS = 60 * 60_000;

const cannotBeMade = (folder: string, { where }: BorgRunner, said: string): JobFailure =>
  new JobFailure(`The folder ${folder} cannot be made on ${where}: ${said.trim()}`);

/** @throws JobFailure */
export const makeFolder = async (runner: BorgRunner, folder: string, signal: AbortSignal): Promise<void> => {
  const { exitCode, stderr } = await execPlain(runner, ['mkdir', '-p', '--', folder], { signal });
  if (exitCode !== 0) throw cannotBeMade(folder, runner, stderr);
};

/** Makes `$1` and, in the first of the other folders that is there, a new private one named `$2`; prints that one's number. */
const MAKE_STAGE = `
mkdir -p -- "$1" || exit
name=$2
shift 2
number=0
found=
for folder do
  rm -rf -- "\${folder%/}/$name" || exit
  [ -n "$found" ] || [ ! -d "$folder" ] || { found=$number; there=$folder; }
  number=$((number + 1))
done
mkdir -m 700 -- "\${there%/}/$name" && echo "$found"`.trim();

export const joined = (folder: string, path: string): string => `${folder.replace(/\/+$/, '')}/${path}`;

/** For `/a` and `b/c`: `/a/b/c`, `/a/b`, `/a`. */
const fromDeepest = (root: string, below: string): readonly string[] => {
  const parts = below.split('/').filter((part) => part !== '');
  const folders = parts.map((_part, index) => joined(root, parts.slice(0, parts.length - index).join('/')));
  return [...folders, root];
};

/**
 * Makes a folder and in it, or as deep below it as there is something already, a private one, empty, whatever was left of it
 * by an earlier attempt: so that what is put there is on the file system it belongs to.
 * @returns the private folder's path
 * @throws JobFailure
 */
export const makeStage = async (
  runner: BorgRunner,
  { root, below, name }: { readonly root: string; readonly below: string; readonly name: string },
  signal: AbortSignal,
): Promise<string> => {
  const folders = fromDeepest(root, below);
  const argv = ['sh', '-c', MAKE_STAGE, 'sh', root, name, ...folders];
  const { exitCode, stdout, stderr } = await execPlain(runner, argv, { signal, timeoutMillis: TIMEOUT_MILLIS });
  const folder = exitCode === 0 ? folders[Number(stdout)] : undefined;
  if (folder === undefined) throw cannotBeMade(joined(root, name), runner, stderr);
  return joined(folder, name);
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
    const { exitCode, stderr } = await execPlain(runner, ['rm', '-rf', '--', folder], {
      timeoutMillis: TIMEOUT_MILLIS,
    });
    if (exitCode !== 0) throw new Error(stderr.trim());
  } catch (error) {
    output.write('system_warning', `The folder ${folder} on ${runner.where} could not be removed: ${messageOf(error)}`);
  }
};
