import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../../job/job-failure.ts';
import { parseLockName, parseRoster, type LockHolder } from './lock-holders.ts';

/** The locks in the folder of a repository or a cache, and the names of its host. */
export interface LockFolder {
  readonly path: string;
  readonly holders: readonly LockHolder[];
  /** The roster's text on one line; empty without one. */
  readonly roster: string;
  readonly hostNames: readonly string[];
}

const READ_LOCK_FOLDER = readScript(new URL('./read-lock-folder.sh', import.meta.url));
const REMOVE_LOCKS = readScript(new URL('./remove-locks.sh', import.meta.url));

const valuesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));

/** From the time of the file in seconds, and its name. */
const holderOf = (line: string): LockHolder => {
  const [, seconds = '', file = line] = /^(\d*) (.*)$/s.exec(line) ?? [];
  const at = seconds === '' ? {} : { at: Number(seconds) * 1000 };
  return { ...(parseLockName(file) ?? { host: file, pid: 0, file }), ...at };
};

/** @throws JobFailure when the folder cannot be read, SshError */
export const readLockFolder = async (runner: BorgRunner, path: string, signal: AbortSignal): Promise<LockFolder> => {
  const { exitCode, stdout, stderr } = await runCommand(runner, ['sh', '-c', READ_LOCK_FOLDER, 'sh', path], { signal });
  if (exitCode !== 0) throw new JobFailure(`The locks in ${path} on ${runner.where} cannot be seen: ${stderr.trim()}`);
  const exclusive = valuesOf(stdout, 'file').map(holderOf);
  const [roster = ''] = valuesOf(stdout, 'roster');
  const isNew = ({ host, pid }: LockHolder): boolean => !exclusive.some((one) => one.host === host && one.pid === pid);
  const holders = [...exclusive, ...parseRoster(roster).filter(isNew)];
  return { path, holders, roster, hostNames: valuesOf(stdout, 'host') };
};

/**
 * Removes the locks of all holders, none of which runs any more.
 * @returns whether none is left; others may have been taken meanwhile
 * @throws SshError
 */
export const removeLocks = async (
  runner: BorgRunner,
  { path, roster, holders }: LockFolder,
  signal: AbortSignal,
): Promise<boolean> => {
  const files = holders.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const { exitCode } = await runCommand(runner, ['sh', '-c', REMOVE_LOCKS, 'sh', path, roster, ...files], { signal });
  return exitCode === 0;
};
