import { readScript, runCommand, type BorgRunner, type RunCommandOptions } from '@cyborgbackup/borg';
import { JobFailure } from '../../job/job-failure.ts';

/** What exists at a path; links are not followed. */
export interface PathFacts {
  readonly type: 'file' | 'folder' | 'link' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
}

const STAT_FILES = readScript(new URL('./stat-files.sh', import.meta.url));

const TYPES: Readonly<Record<number, PathFacts['type']>> = { 0o100000: 'file', 0o040000: 'folder', 0o120000: 'link' };
const TYPE_BITS = 0o170000;

const factsOf = (line: string): PathFacts | undefined => {
  const [mode = '', size = '', mtime = ''] = line.split(' ');
  const bits = mode.startsWith('0x') ? Number(mode) : Number.parseInt(mode, 8);
  if (!Number.isInteger(bits) || size === '' || mtime === '') return undefined;
  return { type: TYPES[bits & TYPE_BITS] ?? 'other', size: Number(size), mtime: Number(mtime) };
};

const MAX_BYTES = 1024 * 1024;
const STAT_ATTEMPTS = 3;
const STAT_MILLIS = 10 * 60_000;

/** Anything with a path below a folder. */
interface Located {
  readonly path: string;
}

/** A name may begin with a hyphen. */
const below = ({ path }: Located): string => `./${path}`;

/**
 * Examines paths below a folder, some hundreds at a time.
 * @returns for each path what exists there, undefined for nothing
 * @throws JobFailure when they cannot be examined
 */
export const statPaths = async (
  runner: BorgRunner,
  folder: string,
  files: readonly Located[],
  signal: AbortSignal,
): Promise<readonly (PathFacts | undefined)[]> => {
  const argv = ['sh', '-c', STAT_FILES, 'sh', folder, ...files.map(below)];
  let errors = '';
  // A file may vanish after the script has found it.
  for (let attempt = 0; attempt < STAT_ATTEMPTS; attempt += 1) {
    const limits = { timeoutMillis: STAT_MILLIS, maxBytes: MAX_BYTES };
    const { stdout, stderr } = await runCommand(runner, argv, { signal, ...limits });
    const [found = '', ...lines] = stdout.trimEnd().split('\n');
    const facts = lines.map(factsOf);
    errors = stderr.trim();
    if (found.length !== files.length || facts.length !== found.replaceAll('0', '').length) continue;
    let next = 0;
    return Array.from(found, (digit) => (digit === '1' ? facts[next++] : undefined));
  }
  throw new JobFailure(`The files in ${folder} on ${runner.where} cannot be looked at: ${errors.slice(0, 300)}`);
};

const HASH_FILES = readScript(new URL('./hash-files.sh', import.meta.url));
const HASH_MILLIS = 24 * 60 * 60_000;

/** The SHA-256 (hex) of files below a folder, some hundreds at a time; undefined for a file that cannot be read. */
export const hashPaths = async (
  runner: BorgRunner,
  folder: string,
  files: readonly Located[],
  options: Pick<RunCommandOptions, 'signal' | 'cleanup'>,
): Promise<readonly (string | undefined)[]> => {
  const argv = ['sh', '-c', HASH_FILES, 'sh', folder, ...files.map(below)];
  const { stdout } = await runCommand(runner, argv, { ...options, timeoutMillis: HASH_MILLIS, maxBytes: MAX_BYTES });
  const lines = stdout.split('\n');
  return files.map((_file, index) => (/^[0-9a-f]{64}$/.test(lines[index] ?? '') ? lines[index] : undefined));
};
