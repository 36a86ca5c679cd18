import type { BorgRunner } from './borg-runner.ts';
import { type Outcome, outcomeOf } from './exit-codes.ts';
import { createMissingSources } from './missing-sources.ts';
import { createLineSplitter, type Line } from './parse/line-splitter.ts';
import { type BorgOutput, type FileStatus, type LogMessage, parseLogLine, type Progress } from './parse/log-line.ts';
import { type BorgCommand, buildBorgCommand } from './remote-borg.ts';
import type { ChunkSink } from './stream-io.ts';

export interface RunBorgOptions extends BorgCommand {
  /** Lets borg log in to the repository host with the session's agent. */
  readonly forwardAgent?: boolean;
  /** The paths being backed up, so that missing ones can be named. */
  readonly sources?: readonly string[] | undefined;
  /** Called once, when borg is about to run, with its process id on its host. */
  readonly onPid?: (pid: number) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: (message: LogMessage) => void;
  readonly onFileStatus?: (status: FileStatus) => void;
  /** Takes standard output line by line; borg waits while a returned promise is open. */
  readonly onStdoutLine?: (line: Line) => void | Promise<void>;
  /** Takes standard output as it comes, for `extract --stdout`; borg waits likewise. */
  readonly onStdout?: ChunkSink;
  /** Stops borg: TERM, which makes it release its locks, and KILL after five seconds. */
  readonly signal?: AbortSignal;
  /** Stops borg when it has written nothing for so long. Progress counts as output. */
  readonly idleTimeoutMillis?: number;
}

export interface BorgResult {
  readonly outcome: Outcome;
  /** Null when it is unknown or a signal ended borg. */
  readonly exitCode: number | null;
  readonly signal?: string;
  /** Warnings and errors: the first hundred and the last hundred, each up to 8 Ki characters. */
  readonly messages: readonly LogMessage[];
  /** Standard output when no callback took it. */
  readonly stdout: string;
  /** True when standard output was longer than 16 MiB; the rest is missing. */
  readonly stdoutCut: boolean;
  /** Those of `sources` that do not exist on the host. */
  readonly missingSources: readonly string[];
}

const MAX_STDOUT_BYTES = 16 * 1024 * 1024;
const KEPT_MESSAGES = 100;

/** Keeps the first and the last so many. */
const createEnds = <T>(count: number): { add: (item: T) => void; items: () => T[] } => {
  const first: T[] = [];
  const last: T[] = [];
  return {
    add: (item) => {
      if (first.length < count) first.push(item);
      else if (last.push(item) > count) last.shift();
    },
    items: () => [...first, ...last],
  };
};

const createText = (maxBytes: number): { sink: ChunkSink; text: () => string; cut: () => boolean } => {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  let cut = false;
  return {
    sink: (chunk) => {
      if (chunk.length > room) cut = true;
      if (room > 0) chunks.push(Buffer.from(chunk.subarray(0, room)));
      room = Math.max(0, room - chunk.length);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    cut: () => cut,
  };
};

const MAX_MESSAGE_LENGTH = 8 * 1024;

const clip = (message: LogMessage): LogMessage =>
  message.message.length > MAX_MESSAGE_LENGTH
    ? { ...message, message: `${message.message.slice(0, MAX_MESSAGE_LENGTH)}…` }
    : message;

const worthKeeping = ({ level }: LogMessage): boolean => level !== 'info' && level !== 'debug';

/**
 * Runs one borg command to its end and reports what it said. Secrets travel by pipe; see remote-borg.ts.
 * Does not throw for borg's failures: look at `outcome`, and ask `explainFailure` for a sentence.
 * @throws SshError when the command could not be started or the connection was lost (borg is then stopped by its leash)
 * @throws whatever a callback throws, after borg was stopped
 */
export const runBorg = async (runner: BorgRunner, options: RunBorgOptions): Promise<BorgResult> => {
  const messages = createEnds<LogMessage>(KEPT_MESSAGES);
  const missing = createMissingSources(options.sources ?? []);
  const text = createText(MAX_STDOUT_BYTES);
  const outLines = createLineSplitter();
  const errorLines = createLineSplitter();

  const dispatch = (output: BorgOutput): void => {
    missing.see(output);
    switch (output.type) {
      case 'log_message':
        if (worthKeeping(output)) messages.add(clip(output));
        return options.onLog?.(output);
      case 'archive_progress':
      case 'progress_percent':
      case 'progress_message':
        return options.onProgress?.(output);
      case 'file_status':
        return options.onFileStatus?.(output);
      case 'pid':
        return options.onPid?.(output.pid);
      case 'question':
        return messages.add({
          type: 'log_message',
          level: 'warning',
          logger: 'borg.question',
          msgid: output.msgid,
          message: output.message,
        });
    }
  };
  const { onStdoutLine } = options;
  const passLines = async (lines: readonly Line[]): Promise<void> => {
    for (const line of lines) await onStdoutLine?.(line);
  };

  const result = await runner.run({
    ...buildBorgCommand(options),
    forwardAgent: options.forwardAgent === true,
    onStdout: onStdoutLine ? (chunk) => passLines(outLines.push(chunk)) : (options.onStdout ?? text.sink),
    onStderr: (chunk) => errorLines.push(chunk).forEach((line) => dispatch(parseLogLine(line))),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.idleTimeoutMillis === undefined ? {} : { idleTimeoutMillis: options.idleTimeoutMillis }),
  });
  await passLines(outLines.end());
  errorLines.end().forEach((line) => dispatch(parseLogLine(line)));

  return {
    outcome: outcomeOf(result, messages.items()),
    exitCode: result.exitCode,
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    messages: messages.items(),
    stdout: text.text(),
    stdoutCut: text.cut(),
    missingSources: missing.found(),
  };
};
