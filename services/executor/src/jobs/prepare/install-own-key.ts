import { changeAuthorizedKeys, readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import type { OwnKey } from '../../endpoints/own-key.ts';
import type { JobContext } from '../../job/job-context.ts';

const scriptOf = (name: string): string => readScript(new URL(name, import.meta.url));
const READ = scriptOf('./read-authorized-keys.sh');
const CHANGE = scriptOf('./change-authorized-keys.sh');

/** What became of the line for a repository's own key in the account's authorized_keys. */
export interface Installation {
  readonly isNew: boolean;
  /** Why it could not be added; empty when it is there. */
  readonly problem: string;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Somebody else may write the file at the same moment. */
const ATTEMPTS = 3;
const HAS_CHANGED = 3;

const failed = (problem: string): Installation => ({ isNew: false, problem });

/** Reads the file, and changes it as that asks for; undefined when somebody else changed it in between. */
const tryToInstall = async (
  { signal, output, assertOwnership }: JobContext,
  runner: BorgRunner,
  { line }: OwnKey,
): Promise<Installation | undefined> => {
  const read = await runCommand(runner, ['sh', '-c', READ], { signal, maxBytes: MAX_FILE_BYTES });
  if (read.exitCode !== 0) return failed(read.stderr.trim());
  const [sum = '', ...lines] = read.stdout.split('\n');
  const { remove, add } = changeAuthorizedKeys(lines.join('\n'), line);
  if (!add && remove.length === 0) return { isNew: false, problem: '' };
  await assertOwnership(signal);
  const argv = ['sh', '-c', CHANGE, 'sh', sum, add ? line : '', ...remove.map(String)];
  const { exitCode, stdout, stderr } = await runCommand(runner, argv, { signal });
  if (exitCode === HAS_CHANGED) return undefined;
  if (exitCode !== 0) return failed(stderr.trim());
  const place = `${stdout.trim()} on ${runner.where}`;
  if (remove.length > 0)
    output.write('verbose', `Removed weaker lines with this key from ${place} (${remove.join(', ')})`);
  if (add) output.write('verbose', `Added this repository's own key to ${place}: ${line}`);
  return { isNew: true, problem: '' };
};

/**
 * Adds the line for the repository's own key to the `authorized_keys` of an account that gives us a shell, in place of lines with
 * which the key may do more. A line as strict stays as it is.
 * @throws SshError
 */
export const installOwnKey = async (context: JobContext, runner: BorgRunner, own: OwnKey): Promise<Installation> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const installation = await tryToInstall(context, runner, own);
    if (installation) return installation;
  }
  return failed('its authorized_keys was changed by somebody else at the same time');
};
