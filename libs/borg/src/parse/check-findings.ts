import type { BorgOutput, LogMessage } from './log-line.ts';

/** What a check found. All lists are bounded; the counts are true. */
export interface CheckFindings {
  /** Nothing at all was found, and borg looked at everything it was asked to. */
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

const ANALYZING = /^Analyzing archive (?<archive>.*) \(\d+\/\d+\)$/s;
const MISSING_CHUNK =
  /^(?<path>.*): (?:New missing file chunk detected|Previously missing file chunk is still missing) \(/s;
const OTHER_FILE = /^(?<path>.*): (?:Missing all-zero replacement chunk detected|size inconsistency detected: )/s;
const DEFECT_CHUNK = /^chunk [0-9a-f]{64}(?:, integrity error)?: /;
const NOT_FOUND = /^Archive '(?<archive>.*)' not found\.$/s;
const COMPLETE = 'Archive consistency check complete';
/** Sums up what was said before. */
const SUMMARY = 'Finished ';

const isBad = ({ level }: LogMessage): boolean => level === 'error' || level === 'critical';

/**
 * Collects what `borg check` says. Its messages have no ids, so they are known by their text (borg 1.2 and 1.4); an error
 * that is not known counts against the archive that borg is at, or against the repository.
 */
export const createCheckFindings = (): { see: (output: BorgOutput) => void; findings: () => CheckFindings } => {
  const archives = new Set<string>();
  const files = new Map<string, { archive: string; path: string }>();
  const errors: string[] = [];
  let fileCount = 0;
  let defectChunks = 0;
  let archivesChecked = false;
  let troubled = false;
  let current: string | undefined;
  let currentFile: string | undefined;

  const damage = (archive: string): void => {
    troubled = true;
    if (archives.size < MAX_ARCHIVES) archives.add(archive);
  };

  const damageFile = (archive: string, path: string): void => {
    damage(archive);
    // All of a file's messages come together.
    if (path === currentFile) return;
    currentFile = path;
    fileCount += 1;
    if (files.size < MAX_FILES) files.set(`${archive}\0${path}`, { archive, path });
  };

  const seeFile = (archive: string, message: string): boolean => {
    const prefix = `${archive}: `;
    if (!message.startsWith(prefix)) return false;
    const rest = message.slice(prefix.length);
    const path = (MISSING_CHUNK.exec(rest) ?? OTHER_FILE.exec(rest))?.groups?.['path'];
    if (path !== undefined) damageFile(archive, path);
    return path !== undefined;
  };

  const seeError = (message: string): undefined => {
    troubled = true;
    if (message.startsWith(SUMMARY)) return undefined;
    const absent = NOT_FOUND.exec(message)?.groups?.['archive'];
    if (absent !== undefined) {
      damage(absent);
      return undefined;
    }
    if (DEFECT_CHUNK.test(message)) {
      defectChunks += 1;
      return undefined;
    }
    if (current !== undefined) damage(current);
    if (errors.length < MAX_ERRORS) errors.push(message.split('\n')[0]?.slice(0, 300) ?? '');
    return undefined;
  };

  /** Where borg is; true when the message only told that. */
  const seePlace = (message: LogMessage): boolean => {
    const next = ANALYZING.exec(message.message)?.groups?.['archive'];
    const atEnd = message.message.startsWith(COMPLETE);
    if (next === undefined && !atEnd) return false;
    current = next;
    currentFile = undefined;
    archivesChecked ||= atEnd;
    troubled ||= isBad(message);
    return true;
  };

  const see = (output: BorgOutput): void => {
    if (output.type !== 'log_message' || !output.logger.startsWith('borg.') || seePlace(output)) return;
    const { message } = output;
    if (current !== undefined && seeFile(current, message)) return;
    if (isBad(output)) seeError(message);
  };

  return {
    see,
    findings: () => ({
      isClean: !troubled,
      damagedArchives: [...archives],
      damagedFiles: [...files.values()],
      damagedFileCount: fileCount,
      defectChunks,
      repositoryErrors: errors,
      archivesChecked,
    }),
  };
};
