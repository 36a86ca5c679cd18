import { runCommand, type BorgRunner } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';

/** What is at a path, links not followed. */
export interface PathFacts {
  readonly type: 'file' | 'folder' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
}

/**
 * Goes to the folder `$1`, if it is there, prints a digit for each path, 1 for one that is there, and then a line of mode, size and time for
 * each of those. GNU's stat and busybox's take one format, that of the BSDs another.
 */
const SCRIPT = `
folder=$1
shift
[ -d "$folder" ] || { for path do printf 0; done; echo; exit 0; }
cd -- "$folder" || exit 3
n=$#
found=
for path do
  if [ -e "$path" ] || [ -L "$path" ]; then found="\${found}1"; set -- "$@" "$path"; else found="\${found}0"; fi
done
shift "$n"
echo "$found"
[ "$#" -gt 0 ] || exit 0
if stat -c %f / >/dev/null 2>&1; then exec stat -c '0x%f %s %Y' -- "$@"; fi
exec stat -f '0%p %z %m' -- "$@"`.trim();

const TYPES: Readonly<Record<number, PathFacts['type']>> = { 0o100000: 'file', 0o040000: 'folder', 0o120000: 'link' };
const TYPE_BITS = 0o170000;

const factsOf = (line: string): PathFacts | undefined => {
  const [mode = '', size = '', mtime = ''] = line.split(' ');
  const bits = mode.startsWith('0x') ? Number(mode) : Number.parseInt(mode, 8);
  if (!Number.isInteger(bits) || size === '' || mtime === '') return undefined;
  return { type: TYPES[bits & TYPE_BITS] ?? 'other', size: Number(size), mtime: Number(mtime) };
};

const ATTEMPTS = 3;
const TIMEOUT_MILLIS = 10 * 60_000;
const MAX_BYTES = 1024 * 1024;

/** A name may begin with a hyphen. */
export const below = (path: string): string => `./${path}`;

/**
 * Looks at paths below a folder, some hundreds at a time.
 * @returns for each path what is there, undefined for nothing
 * @throws JobFailure when they cannot be looked at
 */
export const statPaths = async (
  runner: BorgRunner,
  folder: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly (PathFacts | undefined)[]> => {
  const argv = ['sh', '-c', SCRIPT, 'sh', folder, ...paths.map(below)];
  let said = '';
  // One may vanish between the two looks at it.
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { stdout, stderr } = await runCommand(runner, argv, {
      signal,
      timeoutMillis: TIMEOUT_MILLIS,
      maxBytes: MAX_BYTES,
    });
    const [found = '', ...lines] = stdout.trimEnd().split('\n');
    const facts = lines.map(factsOf);
    said = stderr.trim();
    if (found.length !== paths.length || facts.length !== found.replaceAll('0', '').length) continue;
    let next = 0;
    return Array.from(found, (digit) => (digit === '1' ? facts[next++] : undefined));
  }
  throw new JobFailure(`The files in ${folder} on ${runner.where} cannot be looked at: ${said.slice(0, 300)}`);
};
