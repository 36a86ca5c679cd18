import { runCommand, type ArchiveEntry, type BorgRunner } from '@cyborgbackup/borg';
import type { BorgPlace } from '../connect/borg-place.ts';
import { JobFailure } from '../job/job-failure.ts';
import type { JobContext } from '../work/job-context.ts';
import { joined } from './folders.ts';
import { createSelectedEntries } from './selected-entries.ts';
import { WALK } from './walk-script.ts';

/** The folders above what was chosen that were not chosen themselves, as the archive would name them. */
export interface Parents {
  see(entry: Pick<ArchiveEntry, 'path' | 'type'>): void;
  /** Each before those below it. */
  list(): readonly string[];
}

/** Entries come as borg lists them, what is in a folder right behind it: so only the folders around the last one are kept. */
export const createParents = (): Parents => {
  const parents = new Set<string>();
  const around: string[] = [];
  return {
    see: ({ path, type }) => {
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

/** Where an archive's paths begin, and whether that is the root of a host that has them where they were. */
export interface Root {
  readonly root: string;
  readonly inPlace: boolean;
}

const BATCH = 200;
const TIMEOUT_MILLIS = 10 * 60_000;

/** Runs a script with `$1`, the root, `$follow`, and some hundred paths at a time; gives back what it printed. */
const overPaths = async (
  runner: BorgRunner,
  { root, inPlace }: Root,
  { script, paths }: { readonly script: string; readonly paths: readonly string[] },
  signal: AbortSignal,
): Promise<string> => {
  let printed = '';
  for (let start = 0; start < paths.length; start += BATCH) {
    const text = `root=$1 follow=$2\nshift 2\n${WALK}\n${script}`;
    const argv = ['sh', '-c', text, 'sh', root, inPlace ? 'yes' : 'no', ...paths.slice(start, start + BATCH)];
    const { exitCode, stdout, stderr } = await runCommand(runner, argv, { signal, timeoutMillis: TIMEOUT_MILLIS });
    if (exitCode !== 0) {
      throw new JobFailure(`The folders in ${root} on ${runner.where} cannot be looked at: ${stderr.slice(0, 300)}`);
    }
    printed += stdout;
  }
  return printed;
};

/** Prints for each path `m` if it is missing, `l` for a link to follow, `r` for another one, and `.` otherwise. */
const LOOK = `
look() {
  case $1 in */*) above=\${1%/*} ;; *) above=. ;; esac
  own=./\${1##*/}
  cd -P -- "$root" 2>/dev/null || { printf m; return; }
  walk "$above" || { [ "$?" = 2 ] && printf r || printf m; return; }
  if [ -L "$own" ]; then walk "$own" && printf l || printf r
  elif [ -e "$own" ]; then printf .
  else printf m; fi
}
for path do look "$path"; done
exit 0`.trim();

export interface ParentFacts {
  readonly missing: readonly string[];
  /** Links to follow, see walk-script.ts. */
  readonly linked: readonly string[];
}

/** @throws JobFailure with the name of a link that is not to be followed */
export const lookAtParents = async (
  runner: BorgRunner,
  root: Root,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ParentFacts> => {
  const found = await overPaths(runner, root, { script: LOOK, paths }, signal);
  const such = (sign: string): readonly string[] => paths.filter((_path, index) => found[index] === sign);
  const linked = such('l');
  const [refused] = [...such('r'), ...linked.filter((path) => path.includes('\n'))];
  if (refused === undefined) return { missing: such('m'), linked };
  throw new JobFailure(
    `${joined(root.root, refused)} on ${runner.where} is a link that is not followed, as others than root may have put it there: restore to another folder, or put the folder itself in its place.`,
  );
};

/** All of them go to borg's command line. */
const MAX_BYTES = 48 * 1024;

/** Those of some folders that the archive has an entry for. @throws JobFailure */
export const recordedParents = async (
  context: JobContext,
  place: BorgPlace,
  paths: readonly string[],
): Promise<ReadonlySet<string>> => {
  const recorded = new Set<string>();
  let bytes = 0;
  const asked = paths.filter((path) => (bytes += 2 * path.length) <= MAX_BYTES);
  if (asked.length === 0) return recorded;
  if (asked.length < paths.length) {
    const rest = paths.length - asked.length;
    context.output.write(
      'system_warning',
      `${rest} missing folders above what is restored get no owner from the archive: they are too many.`,
    );
  }
  await createSelectedEntries(context, place, { paths: [], patterns: patternsOf(asked) }).each((entries) => {
    for (const { path, type } of entries) if (type === 'd') recorded.add(path);
    return Promise.resolve();
  });
  return recorded;
};

/** Of borg's, for these folders without what is in them. Its `pf:` would do, but borg always tells that none matched. */
export const patternsOf = (paths: Iterable<string>): readonly string[] => {
  const escaped = [...paths].map((path) => path.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&'));
  return escaped.length > 0 ? [`re:\\A(?:${escaped.join('|')})\\Z`] : [];
};

/** Borg makes the folders that it has no entry for private to the one who restores. @throws JobFailure */
export const openParents = async (
  runner: BorgRunner,
  root: Root,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const script = 'for path do (cd -P -- "$root" && walk "$path" && chmod 755 .) || exit; done';
  await overPaths(runner, root, { script, paths }, signal);
};
