import { execPlain, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';

/** Prints the number of the first of the folders that is there, from 0. */
const FIRST = `
n=0
for folder do
  [ ! -d "$folder" ] || break
  n=$((n + 1))
done
echo "$n"`.trim();

/** @throws JobFailure */
export const makeFolder = async (runner: BorgRunner, folder: string, signal: AbortSignal): Promise<void> => {
  const { exitCode, stderr } = await execPlain(runner, ['mkdir', '-p', '--', folder], { signal });
  if (exitCode === 0) return;
  throw new JobFailure(`The folder ${folder} cannot be made on ${runner.where}: ${stderr.trim()}`);
};

/** A private folder, empty, whatever was left of it by an earlier attempt. @throws JobFailure */
export const makeStage = async (runner: BorgRunner, folder: string, signal: AbortSignal): Promise<void> => {
  const script = 'rm -rf -- "$1" && mkdir -m 700 -- "$1"';
  const argv = ['sh', '-c', script, 'sh', folder];
  const { exitCode, stderr } = await execPlain(runner, argv, { signal, timeoutMillis: 60 * 60_000 });
  if (exitCode === 0) return;
  throw new JobFailure(`The folder ${folder} cannot be made on ${runner.where}: ${stderr.trim()}`);
};

/** @throws SshError */
export const removeFolder = async (runner: BorgRunner, folder: string, timeoutMillis: number): Promise<void> => {
  await execPlain(runner, ['rm', '-rf', '--', folder], { timeoutMillis });
};

/** `/a/b`, `/a`, `/`. */
const withAncestors = (folder: string): readonly string[] => {
  const parts = folder.split('/').filter((part) => part !== '');
  return parts.map((_part, index) => `/${parts.slice(0, parts.length - index).join('/')}`).concat('/');
};

/** The folder, or the nearest one above it that is there. The path must be absolute. */
export const nearestFolder = async (runner: BorgRunner, folder: string, signal: AbortSignal): Promise<string> => {
  const folders = withAncestors(folder);
  const { stdout } = await execPlain(runner, ['sh', '-c', FIRST, 'sh', ...folders], { signal });
  return folders[Number(stdout)] ?? '/';
};
