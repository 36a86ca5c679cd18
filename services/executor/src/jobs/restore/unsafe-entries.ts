import type { ArchiveEntry } from '@cyborgbackup/borg';
import { JobFailure } from '../../job/job-failure.ts';
import { escapedPatterns } from './selection.ts';

/** The failure of a job that will not touch an archive. @param problem an entry and what is wrong with it, as the gate says */
export const unsafeArchive = (archive: string, problem: string): JobFailure =>
  new JobFailure(
    `The archive ${archive.toWellFormed()} is not safe to extract: ${problem}. Its client, or somebody there, made it so: look into that. A superuser can restore its safe entries with allow_unsafe.`,
  );

/** Entries that a restore leaves out, since they are not safe. */
export interface UnsafeEntries {
  /** @throws JobFailure unless unsafe entries are left out */
  leaveOut(entry: ArchiveEntry): void;
  /** Of all that are left out, once the archive has been listed. */
  readonly paths: ReadonlySet<string>;
  /** What is wrong with some of them. */
  readonly problems: readonly string[];
  /** Borg's patterns for all of them. @throws JobFailure when they are too many for one command */
  patterns(): readonly string[];
}

const PROBLEMS_MAX = 20;
/** Limit for patterns on borg's command line. */
const PATTERNS_BYTES = 48 * 1024;

/** @param options.areAllowed unsafe entries are left out instead of refused */
export const createUnsafeEntries = (
  archive: string,
  { areAllowed }: { readonly areAllowed: boolean },
): UnsafeEntries => {
  const paths = new Set<string>();
  const problems = new Map<string, string>();
  let bytes = 0;
  const tooMany = (): JobFailure =>
    new JobFailure(
      `The archive ${archive.toWellFormed()} has too many unsafe entries to leave them out one by one: name the folders that you need, or download single files.`,
    );
  return {
    paths,
    get problems() {
      return [...problems.values()];
    },
    leaveOut: ({ path, unsafe }) => {
      if (!areAllowed) throw unsafeArchive(archive, unsafe);
      if (paths.has(path)) return;
      bytes += 2 * Buffer.byteLength(path) + 1;
      if (bytes > PATTERNS_BYTES) throw tooMany();
      paths.add(path);
      if (problems.size < PROBLEMS_MAX) problems.set(path, unsafe);
    },
    patterns: () => escapedPatterns(paths),
  };
};
