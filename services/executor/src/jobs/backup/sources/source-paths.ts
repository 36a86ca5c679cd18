import { readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { posix } from 'node:path';
import type { JobContext } from '../../../job/job-context.ts';
import { JobFailure } from '../../../job/job-failure.ts';
import { clientOf } from '../../../job/job-plan.ts';
import type { FileSource } from './backup-source.ts';

const LOOK = readScript(new URL('./look-at-paths.sh', import.meta.url));

/** As many paths as a policy may name, and as long, each with what it leads to. */
const MAX_PATHS_BYTES = 9 * 1024 * 1024;

/** A path of a policy, as it is on the client. */
interface SeenPath {
  readonly path: string;
  readonly isThere: boolean;
  /** Number of its file system; empty where the client has no `stat` that says so. */
  readonly device: string;
  /** Where it leads: itself, unless it is a symbolic link. */
  readonly target: string;
}

/** The path without `.`, `..` and slashes that say nothing: `/srv//data/` is `/srv/data`. */
const plainPath = (path: string): string => {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
};

/**
 * Where a path leads, as the client says. In pull mode borg runs on another host, which a path with `..` would lead to.
 * @throws JobFailure for what is no place on a file system
 */
const checkTarget = (path: string, target: string, { where }: BorgRunner): string => {
  if (target.startsWith('/') && plainPath(target) === target) return target;
  const said = JSON.stringify(target.slice(0, 200));
  throw new JobFailure(`${where} says that ${path} leads to ${said}, which is no absolute path: look at that host.`);
};

const lookAt = async ({ signal }: JobContext, client: BorgRunner, paths: readonly string[]): Promise<SeenPath[]> => {
  const argv = ['sh', '-c', LOOK, 'sh', ...paths];
  const { stdout } = await runCommand(client, argv, { signal, maxBytes: MAX_PATHS_BYTES });
  const answers = stdout.split('\0');
  return paths.map((path, index) => {
    const [, state, device = '', target = ''] = /^(\S*) (\S*) (.*)$/s.exec(answers[index] ?? '') ?? [];
    return { path, isThere: state === 'there', device, target: checkTarget(path, target || path, client) };
  });
};

const nearestAbove = (path: string, paths: ReadonlyMap<string, unknown>): string | undefined => {
  for (let folder = path, above = posix.dirname(path); above !== folder; folder = above, above = posix.dirname(above)) {
    if (paths.has(above)) return above;
  }
  return undefined;
};

/**
 * Paths that an archive would have twice, by the path that brings them. Borg stores what two of its sources have in common once for
 * each, and a hard link in one of them then leads to a file that an extraction of the other has not made yet.
 * @param devices of absolute paths, the number of their file system
 * @param oneFileSystem whether borg stops at the borders of file systems, so that a path behind one is not brought by one before it
 */
export const coveredPaths = (
  devices: ReadonlyMap<string, string>,
  oneFileSystem: boolean,
): ReadonlyMap<string, string> => {
  const covered = new Map<string, string>();
  for (const [path, device] of devices) {
    const above = nearestAbove(path, devices);
    if (above !== undefined && (!oneFileSystem || devices.get(above) === device)) covered.set(path, above);
  }
  return covered;
};

/** @throws JobFailure when more is missing than the source can do without */
const warnOfMissing = (
  { plan, output }: JobContext,
  seen: readonly SeenPath[],
  { needs }: FileSource,
): readonly string[] => {
  const missing = seen.filter(({ isThere }) => !isThere).map(({ path }) => path);
  if (missing.length === 0) return [];
  const sentence = `${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist on ${clientOf(plan).hostname}`;
  if (needs === 'all' || missing.length === seen.length) {
    throw new JobFailure(`${sentence}: correct the policy's folders or create them.`);
  }
  output.write('warning', `${sentence}.`);
  return [`${sentence}.`];
};

/**
 * The paths of a source that borg is given: those that exist, since borg would only warn of others; what a symbolic link leads to in
 * place of the link, of which borg would store nothing but the link; and none that another one brings. The job's output tells.
 * @throws JobFailure when more is missing than the source can do without
 */
export const findPaths = async (
  context: JobContext,
  client: BorgRunner,
  source: FileSource,
): Promise<{ readonly paths: readonly string[]; readonly warnings: readonly string[] }> => {
  const named = await lookAt(context, client, [...new Set(source.paths.map(plainPath))]);
  const warnings = warnOfMissing(context, named, source);
  const devices = new Map<string, string>();
  for (const { path, target, device } of named.filter(({ isThere }) => isThere)) {
    if (target !== path)
      context.output.write('system_warning', `${path} is a symbolic link: ${target} is backed up in its place.`);
    devices.set(target, device);
  }
  const covered = coveredPaths(devices, source.oneFileSystem);
  for (const [path, above] of covered) context.output.write('verbose', `${path} is in ${above} already.`);
  return { paths: [...devices.keys()].filter((path) => !covered.has(path)), warnings };
};
