import { readScript, escapeGlob, runCommand } from '@cyborgbackup/borg';
import { posix } from 'node:path';
import { JobFailure } from '../job/job-failure.ts';
import type { ClientSession } from './client-session.ts';

const FIND_LINKS = readScript(new URL('./find-links.sh', import.meta.url));
const MAX_MOUNTS_BYTES = 4 * 1024 * 1024;

export const normalPath = (path: string): string => posix.normalize(path).replace(/(?<=.)\/$/, '');

/**
 * Refuses paths through symbolic links: through a mount, an absolute link would lead to a folder of the host that has the mount.
 * @throws JobFailure naming the paths
 */
export const refuseLinks = async (
  { runner, ssh }: ClientSession,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const { stdout } = await runCommand(runner, ['sh', '-c', FIND_LINKS, 'sh', ...paths], { signal });
  const linked = stdout.split('\n').flatMap((line) => (line === '' ? [] : (paths[Number(line) - 1] ?? [])));
  if (linked.length === 0) return;
  throw new JobFailure(
    `${linked.join(', ')} ${linked.length === 1 ? 'leads' : 'lead'} through a symbolic link on ${ssh.host}, which a pull backup cannot follow: name the real folder.`,
  );
};

/** A mount as the kernel lists it. */
interface Mount {
  readonly device: string;
  readonly folder: string;
}

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
 * Patterns that keep a backup on the file systems of its sources, as `--one-file-system` does. Borg cannot distinguish them: a
 * mount with sshfs looks like one file system. The mount points themselves are stored, empty. A subvolume without a mount of its
 * own counts as part of the file system around it.
 * @throws JobFailure when the client does not list its mounts
 */
export const findOtherFileSystems = async (
  { runner, ssh }: ClientSession,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const argv = ['awk', '{ print $3, $5 }', '/proc/self/mountinfo'];
  const { exitCode, stdout } = await runCommand(runner, argv, { signal, maxBytes: MAX_MOUNTS_BYTES });
  if (exitCode !== 0) {
    throw new JobFailure(
      `${ssh.host} does not tell its mounts, so a pull backup cannot stay on one file system there: use excludes instead of one_file_system.`,
    );
  }
  const mounts = parseMounts(stdout);
  const others = mounts.filter(({ device, folder }) =>
    paths.some((path) => isWithin(folder, path) && deviceOf(path, mounts) !== device),
  );
  return [...new Set(others.map(({ folder }) => `fm:${escapeGlob(folder)}/`))];
};
