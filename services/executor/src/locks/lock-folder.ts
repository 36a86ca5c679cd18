import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import { parseLockName, parseRoster, type LockHolder } from './lock-holders.ts';

/** The locks in a repository's or a cache's folder, and the names of the host that has the folder. */
export interface LockFolder {
  readonly path: string;
  readonly holders: readonly LockHolder[];
  /** The roster's text on one line; empty without one. */
  readonly roster: string;
  readonly hostNames: readonly string[];
}

const LOOK = `
cd -- "$1" || exit 1
for file in lock.exclusive/*; do
  [ ! -f "$file" ] || echo "file=$(stat -c %Y "$file" 2>/dev/null || stat -f %m "$file") $(basename -- "$file")"
done
[ ! -f lock.roster ] || printf 'roster=%s\\n' "$(tr -d '\\n' <lock.roster)"
echo "host=$(uname -n)"
echo "host=$(hostname -f 2>/dev/null)"
:`;

const valuesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));

/** From the time of the file in seconds, and its name. */
const holderOf = (line: string): LockHolder => {
  const [, seconds = '', file = line] = /^(\d*) (.*)$/s.exec(line) ?? [];
  const at = seconds === '' ? {} : { at: Number(seconds) * 1000 };
  return { ...(parseLockName(file) ?? { host: file, pid: 0, file }), ...at };
};

/** @throws JobFailure when the folder cannot be looked into, SshError */
export const readLockFolder = async (runner: BorgRunner, path: string, signal: AbortSignal): Promise<LockFolder> => {
  const { exitCode, stdout, stderr } = await runCommand(runner, ['sh', '-c', LOOK, 'sh', path], { signal });
  if (exitCode !== 0) throw new JobFailure(`The locks in ${path} on ${runner.where} cannot be seen: ${stderr.trim()}`);
  const exclusive = valuesOf(stdout, 'file').map(holderOf);
  const [roster = ''] = valuesOf(stdout, 'roster');
  const isNew = ({ host, pid }: LockHolder): boolean => !exclusive.some((one) => one.host === host && one.pid === pid);
  const holders = [...exclusive, ...parseRoster(roster).filter(isNew)];
  return { path, holders, roster, hostNames: valuesOf(stdout, 'host') };
};

/**
 * Only files whose owners were looked at are removed, so that a lock somebody takes meanwhile stays. So does the roster, when
 * it is another one by now: a reader may have joined, which would lose its lock. Nobody joins without the exclusive lock, so
 * that one is taken for the look at it, in the way borg does.
 */
const REMOVE = `
cd -- "$1" || exit 1
roster=$2
shift 2
for file do rm -f -- "lock.exclusive/$file"; done
rmdir lock.exclusive 2>/dev/null
[ -f lock.roster ] || exit 0
own=$(mktemp -d lock.exclusive.XXXXXXXX) || exit 1
: >"$own/cyborgbackup@0.$$-0"
mv -T -- "$own" lock.exclusive 2>/dev/null || { rm -rf -- "$own"; exit 1; }
[ "$(tr -d '\\n' <lock.roster)" != "$roster" ] || rm -f lock.roster
rm -rf lock.exclusive
[ ! -f lock.roster ]`;

/**
 * Removes the locks of all holders. Whoever calls this knows that they are gone.
 * @returns whether none is left; others may have come meanwhile
 * @throws SshError
 */
export const removeLocks = async (
  runner: BorgRunner,
  { path, roster, holders }: LockFolder,
  signal: AbortSignal,
): Promise<boolean> => {
  const files = holders.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const { exitCode } = await runCommand(runner, ['sh', '-c', REMOVE, 'sh', path, roster, ...files], { signal });
  return exitCode === 0;
};
