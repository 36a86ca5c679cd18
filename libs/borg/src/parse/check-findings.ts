import type { BorgOutput, BorgLogMessage } from './log-line.ts';

/** What a check found. All lists are bounded, in bytes too; the counts are true. */
export interface CheckFindings {
  /** Nothing was found, and borg checked everything it was asked to. */
  readonly isClean: boolean;
  /** Archives that cannot be restored completely, in borg's order. */
  readonly damagedArchives: readonly string[];
  /** Files with missing chunks; the first thousand. */
  readonly damagedFiles: readonly { readonly archive: string; readonly path: string }[];
  readonly damagedFileCount: number;
  /** Chunks whose content is not what was stored. Borg does not tell which archives need them. */
  readonly defectChunks: number;
  /** What borg said of the repository itself; the first hundred lines. */
  readonly repositoryErrors: readonly string[];
  /** False when borg stopped at the repository's own damage, as it does: then the archives are still to be checked. */
  readonly archivesChecked: boolean;
}

const MAX_FILES = 1_000;
const MAX_ERRORS = 100;
const MAX_ARCHIVES = 10_000;
/** Of an archive; borg's own limit is lower. */
const MAX_NAME_LENGTH = 500;
/** Of all paths together. Beyond it files are counted alone. */
const MAX_PATH_LENGTHS = 4 * 1024 * 1024;

const ANALYZING = /^Analyzing archive (?<archive>.*) \(\d+\/\d+\)$/s;
const MISSING_CHUNK =
  /^(?<path>.*): (?:New missing file chunk detected|Previously missing file chunk is still missing) \(/s;
const OTHER_FILE = /^(?<path>.*): (?:Missing all-zero replacement chunk detected|size inconsistency detected: )/s;
const DEFECT_CHUNK = /^chunk [0-9a-f]{64}(?:, integrity error)?: /;
const NOT_FOUND = /^Archive '(?<archive>.*)' not found\.$/s;
const COMPLETE = 'Archive consistency check complete';
/** Begins a summary of earlier messages. */
const SUMMARY = 'Finished ';

const isError = ({ level }: BorgLogMessage): boolean => level === 'error' || level === 'critical';

/**
 * Collects what `borg check` says. Its messages have no ids, so they are known by their text (borg 1.2 and 1.4); an error
 * that is not known counts against the archive that borg is at, or against the repository.
 */
export const createCheckFindings = (): { add: (output: BorgOutput) => void; findings: () => CheckFindings } => {
  const archives = new Set<string>();
  const files = new Map<string, { archive: string; path: string }>();
  const errors: string[] = [];
  let fileCount = 0;
  let pathLengths = 0;
  let defectChunks = 0;
  let archivesChecked = false;
  let isClean = true;
  let current: string | undefined;
  let currentFile: string | undefined;

  const addArchive = (archive: string): void => {
    isClean = false;
    if (archives.size < MAX_ARCHIVES && archive.length <= MAX_NAME_LENGTH) archives.add(archive);
  };

  const addFile = (archive: string, path: string): void => {
    addArchive(archive);
    // All of a file's messages come together.
    if (path === currentFile) return;
    currentFile = path;
    fileCount += 1;
    pathLengths += archive.length + path.length;
    if (files.size < MAX_FILES && pathLengths <= MAX_PATH_LENGTHS) files.set(`${archive}\0${path}`, { archive, path });
  };

  const addError = (message: string): void => {
    isClean = false;
    if (message.startsWith(SUMMARY)) return;
    const absent = NOT_FOUND.exec(message)?.groups?.['archive'];
    if (absent !== undefined) addArchive(absent);
    else if (DEFECT_CHUNK.test(message)) defectChunks += 1;
    else {
      if (current !== undefined) addArchive(current);
      if (errors.length < MAX_ERRORS) errors.push(message.split('\n')[0]?.slice(0, 300) ?? '');
    }
  };

  /** The damaged file that a message names, of the archive that borg is at. */
  const damagedPath = (message: string): string | undefined => {
    if (current === undefined || !message.startsWith(`${current}: `)) return undefined;
    const rest = message.slice(current.length + 2);
    return (MISSING_CHUNK.exec(rest) ?? OTHER_FILE.exec(rest))?.groups?.['path'];
  };

  /** Follows which archive borg is at; true when the message was about that only. */
  const followProgress = (output: BorgLogMessage): boolean => {
    const next = ANALYZING.exec(output.message)?.groups?.['archive'];
    const isComplete = output.message.startsWith(COMPLETE);
    if (next === undefined && !isComplete) return false;
    current = next;
    currentFile = undefined;
    archivesChecked ||= isComplete;
    isClean &&= !isError(output);
    return true;
  };

  const add = (output: BorgOutput): void => {
    if (output.type !== 'log_message' || !output.logger.startsWith('borg.') || followProgress(output)) return;
    const path = damagedPath(output.message);
    if (current !== undefined && path !== undefined) addFile(current, path);
    else if (isError(output)) addError(output.message);
  };

  return {
    add,
    findings: () => ({
      isClean,
      damagedArchives: [...archives],
      damagedFiles: [...files.values()],
      damagedFileCount: fileCount,
      defectChunks,
      repositoryErrors: errors,
      archivesChecked,
    }),
  };
};
