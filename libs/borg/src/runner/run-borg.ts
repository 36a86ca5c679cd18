import { humanBytes } from '@cyborgbackup/kernel';
import { type BorgOutcome, outcomeOf } from '../explain/outcome.ts';
import { createLineSplitter, type TextLine } from '../parse/line-splitter.ts';
import {
  type BorgOutput,
  type FileStatus,
  type BorgLogMessage,
  parseLogLine,
  type BorgProgress,
} from '../parse/log-line.ts';
import { BorgOutputError } from '../parse/output-error.ts';
import type { ChunkSink } from '../ssh/command-io.ts';
import type { BorgRunner } from './borg-runner.ts';
import { type BorgCommand, borgScript } from './borg-script.ts';
import { keepFirstBytes } from './keep-first-bytes.ts';

export interface RunBorgOptions extends BorgCommand {
  /** Lets borg log in to the repository host with the session's agent. */
  readonly forwardAgent?: boolean;
  readonly onProgress?: (progress: BorgProgress) => void;
  readonly onLog?: (message: BorgLogMessage) => void;
  readonly onFileStatus?: (status: FileStatus) => void;
  /** Takes standard output as it comes; borg waits while a returned promise is pending. */
  readonly onStdout?: ChunkSink;
  /** Stops borg: TERM, which makes it release its locks, and KILL after four seconds. */
  readonly signal?: AbortSignal;
  /** Stops borg when it has written nothing for this long. Progress counts as output. */
  readonly idleTimeoutMillis?: number;
}

export interface BorgResult {
  readonly outcome: BorgOutcome;
  /** Null when it is unknown or a signal ended borg. */
  readonly exitCode: number | null;
  readonly signal?: string;
  /** Warnings and errors: the first hundred and the last hundred, each up to 8 Ki characters. */
  readonly messages: readonly BorgLogMessage[];
  /** Standard output when no callback took it. */
  readonly stdout: string;
}

/** What no callback takes is kept, so it ends here: a list of 60,000 archives. */
const MAX_STDOUT_BYTES = 16 * 1024 * 1024;
/** A week of progress, several times a second. A borg that never ends would never be silent either. */
const MAX_STDERR_BYTES = 2 * 1024 ** 3;
/** The longest path, escaped, with room; of a longer line the start is kept. */
const MAX_ERROR_LINE_BYTES = 64 * 1024;
/** This many of the first messages are kept, and as many of the last. */
const KEPT_MESSAGES = 100;
const MAX_MESSAGE_LENGTH = 8 * 1024;

const clip = (message: BorgLogMessage): BorgLogMessage =>
  message.message.length > MAX_MESSAGE_LENGTH
    ? { ...message, message: `${message.message.slice(0, MAX_MESSAGE_LENGTH)}…` }
    : message;

/** Reads standard error: hands borg's words to the callbacks, and keeps those that explain the outcome. */
const createErrorReader = (options: RunBorgOptions, limit: (chunk: Buffer) => void) => {
  const lines = createLineSplitter(MAX_ERROR_LINE_BYTES);
  const messages: BorgLogMessage[] = [];
  const keep = (message: BorgLogMessage): void => {
    if (message.level !== 'info' && message.level !== 'debug') messages.push(clip(message));
    if (messages.length > 2 * KEPT_MESSAGES) messages.splice(KEPT_MESSAGES, 1);
  };
  const hear = (output: BorgOutput): void => {
    switch (output.type) {
      case 'log_message':
        keep(output);
        return options.onLog?.(output);
      case 'file_status':
        return options.onFileStatus?.(output);
      default:
        return options.onProgress?.(output);
    }
  };
  const hearAll = (complete: readonly TextLine[]): void => {
    for (const line of complete) hear(parseLogLine(line));
  };
  return {
    sink: (chunk: Buffer) => {
      limit(chunk);
      hearAll(lines.push(chunk));
    },
    end: () => hearAll(lines.end()),
    messages,
  };
};

/** Counts what a stream brings. The error, thrown in a sink, stops borg. */
const byteLimit = (where: string, stream: string, maxBytes: number): ((chunk: Buffer) => void) => {
  let bytes = 0;
  return (chunk) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) return;
    const limit = humanBytes(maxBytes);
    throw new BorgOutputError(
      `Borg on ${where} wrote more than ${limit} to its standard ${stream} and was stopped. Is that the real borg, of version 1.2 or 1.4?`,
    );
  };
};

/**
 * Runs one borg command to its end and reports what it said. Secrets travel by pipe; see borg-script.ts.
 * Does not throw for borg's failures: look at `outcome`, and ask `explainFailure` for a sentence.
 * @throws SshError when the command could not be started or the connection was lost (its supervisor then stops borg)
 * @throws BorgOutputError when it writes more than borg does, after it was stopped
 * @throws any error of a callback, after borg was stopped
 */
export const runBorg = async (runner: BorgRunner, options: RunBorgOptions): Promise<BorgResult> => {
  const stdout = keepFirstBytes(MAX_STDOUT_BYTES);
  const limitOutput = byteLimit(runner.where, 'output', MAX_STDOUT_BYTES);
  const keepOutput = (chunk: Buffer): void => {
    limitOutput(chunk);
    stdout.add(chunk);
  };
  const errors = createErrorReader(options, byteLimit(runner.where, 'error', MAX_STDERR_BYTES));
  const result = await runner.run({
    ...borgScript(options),
    forwardAgent: options.forwardAgent === true,
    onStdout: options.onStdout ?? keepOutput,
    onStderr: errors.sink,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.idleTimeoutMillis === undefined ? {} : { idleTimeoutMillis: options.idleTimeoutMillis }),
  });
  errors.end();
  return {
    outcome: outcomeOf(result, errors.messages),
    exitCode: result.exitCode,
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    messages: errors.messages,
    stdout: stdout.text(),
  };
};
