import { escapeGlob, runCommand } from '@cyborgbackup/borg';
import { posix } from 'node:path';
import { JobFailure } from '../job/job-failure.ts';
import type { ClientSide } from './client-side.ts';

/** What the kernel tells of mounts: device and folder, for each. */
interface Mount {
  readonly device: string;
  readonly folder: string;
}

/** Prints the number of each path that leads through a symbolic link, from 1. Paths that do not exist are told elsewhere. */
const FIND_LINKS = `
i=0
for path do
  i=$((i + 1))
  parent=$(dirname -- "$path")
  real=$(cd -P -- "$parent" 2>/dev/null && pwd -P) || continue
  [ "$real" = "$parent" ] || echo "$i"
done`;

const MAX_MOUNTS_BYTES = 4 * 1024 * 1024;

export const normalPath = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, '');

/**
 * Through a mount, an absolute symbolic link on the way to a folder would lead to a folder of the host that has the mount.
 * @throws JobFailure naming the paths
 */
export const refuseLinks = async (side: ClientSide, paths: readonly string[], signal: AbortSignal): Promise<void> => {
  const { stdout } = await runCommand(side.runner, ['sh', '-c', FIND_LINKS, 'sh', ...paths], { signal });
  const bad = stdout.split('\n').flatMap((line) => (line === '' ? [] : (paths[Number(line) - 1] ?? [])));
  if (bad.length === 0) return;
  throw new JobFailure(
    `${bad.join(', ')} ${bad.length === 1 ? 'leads' : 'lead'} through a symbolic link on ${side.session.host}, which a pull backup cannot follow: name the real folder.`,
  );
};

const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const parseMounts = (text: string): readonly Mount[] =>
  text.split('\n').flatMap((line) => {
    const [device, folder] = line.split(' ');
    return device && folder ? [{ device, folder: unescape(folder) }] : [];
  });

const isWithin = (path: string, folder: string): boolean =>
  folder === '/' ? path !== '/' : path.startsWith(`${folder}/`);

/** The device a path is on: that of the deepest mount around it. */
const deviceOf = (path: string, mounts: readonly Mount[]): string | undefined =>
  mounts
    .filter(({ folder }) => folder === path || isWithin(path, folder))
    .toSorted((a, b) => a.folder.length - b.folder.length)
    .at(-1)?.device;

/**
 * Patterns that keep a backup on the file systems its sources are on, as `--one-file-system` does. Borg cannot see them: a
 * mount with sshfs looks like one file system. The mount points themselves are stored, empty. A subvolume that is not
 * mounted by itself counts as part of what it lies in.
 */
export const otherFileSystems = (paths: readonly string[], mountinfo: string): readonly string[] => {
  const mounts = parseMounts(mountinfo);
  const others = mounts.filter(({ device, folder }) =>
    paths.some((path) => isWithin(folder, path) && deviceOf(path, mounts) !== device),
  );
  return [...new Set(others.map(({ folder }) => `fm:${escapeGlob(folder)}/`))];
};

/** As `otherFileSystems`, of a client. @throws JobFailure when the client does not tell its mounts */
export const findOtherFileSystems = async (
  side: ClientSide,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const argv = ['awk', '{ print $3, $5 }', '/proc/self/mountinfo'];
  const { exitCode, stdout } = await runCommand(side.runner, argv, { signal, maxBytes: MAX_MOUNTS_BYTES });
  if (exitCode !== 0) {
    throw new JobFailure(
      `${side.session.host} does not tell its mounts, so a pull backup cannot stay on one file system there: use excludes instead of one_file_system.`,
    );
  }
  return otherFileSystems(paths, stdout);
};
