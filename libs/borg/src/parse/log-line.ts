import { countOf, isoOfSeconds, type JsonObject, ownEntry, parseObject, textOf } from './fields.ts';
import type { TextLine } from './line-splitter.ts';

/** How far `create` is, several times a second. */
export interface ArchiveProgress {
  readonly type: 'archive_progress';
  readonly originalSize: number;
  readonly compressedSize: number;
  readonly deduplicatedSize: number;
  readonly files: number;
  readonly path: string;
  readonly finished: boolean;
}

/** How far another operation is. `current` and `total` are 0 where borg gives no figures. */
export interface OperationProgress {
  readonly type: 'progress_percent' | 'progress_message';
  /** For example `repository.compact_segments`. */
  readonly msgid: string;
  readonly message: string;
  readonly current: number;
  readonly total: number;
  readonly finished: boolean;
}

export type BorgProgress = ArchiveProgress | OperationProgress;

const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;

/** Something borg, or a program around it, has to say. */
export interface BorgLogMessage {
  readonly type: 'log_message';
  readonly level: (typeof LEVELS)[number];
  /** Borg's name for the message, for example `Repository.DoesNotExist`; empty for most. */
  readonly msgid: string;
  readonly message: string;
  /** For example `borg.output.list`; empty for lines that are not borg's own. */
  readonly logger: string;
  /** ISO 8601, UTC. */
  readonly at?: string;
}

/**
 * A line of text that borg passes on from the repository's host, for which it knows no level: what that host says before each login,
 * or what start-up files of its account print.
 */
export const isRemoteText = ({ logger, message }: BorgLogMessage): boolean =>
  logger === 'root' && message.startsWith('Remote: ');

/** What happened to one file: A added, M modified, U unchanged, C changed meanwhile, E error, - skipped, … */
export interface FileStatus {
  readonly type: 'file_status';
  readonly status: string;
  readonly path: string;
}

/** What borg reports. */
export type BorgOutput = BorgProgress | BorgLogMessage | FileStatus;

const archiveProgress = (fields: JsonObject): ArchiveProgress => ({
  type: 'archive_progress',
  originalSize: countOf(fields['original_size']),
  compressedSize: countOf(fields['compressed_size']),
  deduplicatedSize: countOf(fields['deduplicated_size']),
  files: countOf(fields['nfiles']),
  path: textOf(fields['path']),
  finished: fields['finished'] === true,
});

const operationProgress = (type: OperationProgress['type'], fields: JsonObject): OperationProgress => ({
  type,
  msgid: textOf(fields['msgid']),
  message: textOf(fields['message']),
  current: countOf(fields['current']),
  total: countOf(fields['total']),
  finished: fields['finished'] === true,
});

const logMessage = (fields: JsonObject): BorgLogMessage => {
  const level = textOf(fields['levelname']).toLowerCase();
  const at = isoOfSeconds(fields['time']);
  return {
    type: 'log_message',
    level: LEVELS.find((name) => name === level) ?? 'info',
    msgid: textOf(fields['msgid']),
    message: textOf(fields['message']).trim(),
    logger: textOf(fields['name']),
    ...(at === undefined ? {} : { at }),
  };
};

/** A line that is not borg's JSON: from ssh, the shell, or a crash. */
const foreign = (message: string): BorgLogMessage => ({
  type: 'log_message',
  level: 'warning',
  msgid: '',
  message,
  logger: '',
});

/** Borg asked something. We give it no input, so it took the safe answer; what it asked explains what comes next. */
const question = (fields: JsonObject): BorgLogMessage =>
  logMessage({ ...fields, levelname: 'WARNING', name: 'borg.question' });

const PARSERS: Readonly<Record<string, (fields: JsonObject) => BorgOutput>> = {
  archive_progress: archiveProgress,
  progress_percent: (fields) => operationProgress('progress_percent', fields),
  progress_message: (fields) => operationProgress('progress_message', fields),
  log_message: logMessage,
  file_status: (fields) => ({ type: 'file_status', status: textOf(fields['status']), path: textOf(fields['path']) }),
};

/** A question for a passphrase ends without a line end, so borg's next words follow on the same line. */
const afterPrompt = (text: string): string => text.slice(Math.max(0, text.indexOf('{"type": "log_message"')));

/**
 * One line of borg's standard error with `--log-json`. Never throws: what cannot be read is passed on as a warning.
 * Characters that stand for undecodable bytes (U+DC80 to U+DCFF) are kept.
 */
export const parseLogLine = ({ text }: TextLine): BorgOutput => {
  const fields = parseObject(text) ?? parseObject(afterPrompt(text));
  if (!fields) return foreign(text);
  const type = textOf(fields['type']);
  if (type.startsWith('question_')) return question(fields);
  return ownEntry(PARSERS, type)?.(fields) ?? foreign(text);
};
