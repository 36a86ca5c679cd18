import { readScript, runCommand, type ArchiveEntry, type BorgRunner } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { joined, WALK } from './folders.ts';
import { escapedPatterns } from './selection.ts';
import { createSelectedEntries } from './selected-entries.ts';
import type { UnsafeEntries } from './unsafe-entries.ts';

/**
 * The folders above the selection that are not selected themselves, as the archive would name them, each before those below it.
 * Borg lists a folder's contents directly after the folder, so only the folders around the last entry are kept.
 */
export const createParentFolders = (): {
  add: (entry: Pick<ArchiveEntry, 'path' | 'type'>) => void;
  list: () => readonly string[];
} => {
  const parents = new Set<string>();
  const around: string[] = [];
  return {
    add: ({ path, type }) => {
      while (around.length > 0 && !path.startsWith(`${around.at(-1)}/`)) around.pop();
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const parent = path.slice(0, end);
        if (parent === around.at(-1) || parents.has(parent)) break;
        parents.add(parent);
      }
      if (type !== 'd') return;
      around.push(path);
      parents.delete(path);
    },
    list: () => [...parents].toSorted(),
  };
};

/** Where an archive's paths begin, and whether the files are restored in place, at their original paths. */
export interface Root {
  readonly root: string;
  readonly inPlace: boolean;
}

const BATCH = 200;
const TIMEOUT_MILLIS = 10 * 60_000;

const walkScript = (name: string): string => `${WALK}\n${readScript(new URL(name, import.meta.url))}`;
const LOOK_AT_PARENTS = walkScript('./look-at-parents.sh');
const OPEN_PARENTS = walkScript('./open-parents.sh');

/** Runs a script with the root and some hundred paths at a time; returns its output. */
const overPaths = async (
  runner: BorgRunner,
  { root, inPlace }: Root,
  { script, paths }: { readonly script: string; readonly paths: readonly string[] },
  signal: AbortSignal,
): Promise<string> => {
  let printed = '';
  for (let start = 0; start < paths.length; start += BATCH) {
    const argv = ['sh', '-c', script, 'sh', root, inPlace ? 'yes' : 'no', ...paths.slice(start, start + BATCH)];
    const { exitCode, stdout, stderr } = await runCommand(runner, argv, { signal, timeoutMillis: TIMEOUT_MILLIS });
    if (exitCode !== 0) {
      throw new JobFailure(`The folders in ${root} on ${runner.where} cannot be looked at: ${stderr.slice(0, 300)}`);
    }
    printed += stdout;
  }
  return printed;
};

export interface ParentFacts {
  readonly missing: readonly string[];
  /** Links to follow, see walk.sh. */
  readonly linked: readonly string[];
}

/** @throws JobFailure with the name of a link that is not to be followed */
export const lookAtParents = async (
  runner: BorgRunner,
  root: Root,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ParentFacts> => {
  const found = await overPaths(runner, root, { script: LOOK_AT_PARENTS, paths }, signal);
  const pathsOf = (sign: string): readonly string[] => paths.filter((_path, index) => found[index] === sign);
  const linked = pathsOf('l');
  const [refused] = [...pathsOf('r'), ...linked.filter((path) => path.includes('\n'))];
  if (refused === undefined) return { missing: pathsOf('m'), linked };
  throw new JobFailure(
    `${joined(root.root, refused)} on ${runner.where} is a link that is not followed, as others than root may have put it there: restore to another folder, or put the folder itself in its place.`,
  );
};

/** Limit for the patterns on borg's command line. */
const MAX_BYTES = 48 * 1024;

/**
 * Those of the folders for which the archive has an entry.
 * @throws JobFailure when one of them is no folder in the archive, unless unsafe entries are left out
 */
export const recordedParents = async (
  context: JobContext,
  { endpoint, unsafe }: { readonly endpoint: BorgEndpoint; readonly unsafe: UnsafeEntries },
  paths: readonly string[],
): Promise<ReadonlySet<string>> => {
  const recorded = new Set<string>();
  let bytes = 0;
  const listed = paths.filter((path) => (bytes += 2 * path.length) <= MAX_BYTES);
  if (listed.length === 0) return recorded;
  if (listed.length < paths.length) {
    const rest = paths.length - listed.length;
    context.output.write(
      'system_warning',
      `${rest} missing folders above what is restored get no owner from the archive: they are too many.`,
    );
  }
  const selection = { paths: [], patterns: escapedPatterns(listed) };
  await createSelectedEntries(context, endpoint, selection, unsafe).each((entries) => {
    for (const entry of entries) {
      if (entry.type === 'd') recorded.add(entry.path);
      // What is restored is below it.
      else
        unsafe.leaveOut({ ...entry, unsafe: `${JSON.stringify(entry.path)} is no folder, and has entries below it` });
    }
    return Promise.resolve();
  });
  return recorded.difference(unsafe.paths);
};

/**
 * Borg creates a folder without an entry for its own account alone; this opens it to all.
 * @param stage the private folder that borg extracted to: everything in it is this job's own
 * @throws JobFailure
 */
export const openParents = async (
  runner: BorgRunner,
  stage: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  await overPaths(runner, { root: stage, inPlace: false }, { script: OPEN_PARENTS, paths }, signal);
};
