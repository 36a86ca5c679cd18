import { execPlain, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import { parseLockName, parseRoster, type LockHolder } from './lock-holders.ts';

/** The locks in a repository's or a cache's folder, and the names of the host that has the folder. */
export interface LockFolder {
  readonly path: string;
  readonly holders: readonly LockHolder[];
  readonly hostNames: readonly string[];
}

const LOOK = `
cd -- "$1" || exit 1
for file in lock.exclusive/*; do
  [ ! -f "$file" ] || echo "file=$(stat -c %Y "$file" 2>/dev/null || stat -f %m "$file") $(basename -- "$file")"
done
[ ! -f lock.roster ] || echo "roster=$(cat lock.roster)"
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
  const { exitCode, stdout, stderr } = await execPlain(runner, ['sh', '-c', LOOK, 'sh', path], { signal });
  if (exitCode !== 0) throw new JobFailure(`The locks in ${path} on ${runner.where} cannot be seen: ${stderr.trim()}`);
  const exclusive = valuesOf(stdout, 'file').map(holderOf);
  const inRoster = valuesOf(stdout, 'roster').flatMap(parseRoster);
  const isNew = ({ host, pid }: LockHolder): boolean => !exclusive.some((one) => one.host === host && one.pid === pid);
  return { path, holders: [...exclusive, ...inRoster.filter(isNew)], hostNames: valuesOf(stdout, 'host') };
};

/**
 * Only files whose owners were looked at are removed, so that a lock somebody takes meanwhile stays. The roster may be
 * written by holders of the exclusive lock alone, so that one is taken for it, in the way borg does.
 */
const REMOVE = `
cd -- "$1" || exit 1
shift
for file do rm -f -- "lock.exclusive/$file"; done
rmdir lock.exclusive 2>/dev/null
[ -f lock.roster ] || exit 0
own=$(mktemp -d lock.exclusive.XXXXXXXX) || exit 1
: >"$own/cyborgbackup@0.$$-0"
mv -T -- "$own" lock.exclusive 2>/dev/null || { rm -rf -- "$own"; exit 1; }
rm -f lock.roster
rm -rf lock.exclusive`;

/** Removes the locks of all holders. Whoever calls this knows that they are gone. @throws SshError */
export const removeLocks = async (runner: BorgRunner, folder: LockFolder, signal: AbortSignal): Promise<void> => {
  const files = folder.holders.flatMap(({ file }) => (file === undefined ? [] : [file]));
  await execPlain(runner, ['sh', '-c', REMOVE, 'sh', folder.path, ...files], { signal });
};
