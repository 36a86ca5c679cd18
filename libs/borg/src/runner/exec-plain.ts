import { humanBytes } from '@cyborgbackup/kernel';
import type { BorgRunner } from './borg-runner.ts';
import { keepFirstBytes } from './keep-first-bytes.ts';
import { explainFailure } from '../explain/explain-failure.ts';
import { leashScript } from './supervised-script.ts';
import { SshError } from '../ssh/error.ts';

export interface PlainResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Cut at `maxBytes`. */
  readonly stderr: string;
}

export interface PlainOptions {
  /** For the whole command. Default 30,000, or no limit where there is one for silence. */
  readonly timeoutMillis?: number;
  /** How long it may say nothing. Default: no limit. */
  readonly idleTimeoutMillis?: number;
  readonly signal?: AbortSignal;
  /** How much of each output is kept. Default 64 KiB. */
  readonly maxBytes?: number;
  /** Whether standard output is for people alone, who can do without the rest of a very long one. Default: false. */
  readonly mayBeCut?: boolean;
  /** Shell lines that are run at the end, however it comes. */
  readonly cleanup?: readonly string[];
}

const MAX_BYTES = 64 * 1024;
const TIMEOUT_MILLIS = 30_000;

/** Printed before the command is started. Its exit status may be any, so by that alone one cannot tell whether it was. */
const STARTED = '\n';

/** Exit statuses of the script that runs the command, see leash.ts and leash-script.ts. */
const REASONED = [121, 122, 123, 124];

const neverStarted = (where: string, exitCode: number | null): SshError => {
  if (exitCode === null || !REASONED.includes(exitCode)) {
    return new SshError(
      'no-start',
      `The command could not be started on ${where} (exit status ${exitCode ?? 'none'}).`,
    );
  }
  const { message } = explainFailure({ exitCode, messages: [] });
  return new SshError('no-start', message.replace('this host', where));
};

interface Printed {
  readonly where: string;
  readonly exitCode: number | null;
  readonly stdout: ReturnType<typeof keepFirstBytes>;
  readonly maxBytes: number;
  readonly mayBeCut: boolean;
}

/** What the command itself printed. @throws SshError when it was never started, or printed too much */
const outputOf = ({ where, exitCode, stdout, maxBytes, mayBeCut }: Printed): string => {
  const text = stdout.text();
  if (!text.startsWith(STARTED)) throw neverStarted(where, exitCode);
  if (mayBeCut || !stdout.isCut()) return text.slice(STARTED.length);
  const most = humanBytes(maxBytes);
  throw new SshError('too-much', `The command on ${where} printed more than ${most}, the most that is read of it.`);
};

const inSeconds = (millis: number | undefined): string => `${Math.round((millis ?? 0) / 1000)} s`;

const stoppedBy = (where: string, why: 'aborted' | 'idle', options: PlainOptions): SshError => {
  if (options.signal?.aborted) return new SshError('aborted', `The command on ${where} was cancelled.`);
  const reason =
    why === 'idle'
      ? `said nothing for ${inSeconds(options.idleTimeoutMillis)} and was stopped.`
      : `did not end within ${inSeconds(options.timeoutMillis)}. Does its disk hang?`;
  return new SshError('timeout', `The command on ${where} ${reason}`);
};

/** The caller's signal, and the end of the time for the whole command. */
const signalOf = ({ signal, timeoutMillis }: PlainOptions): AbortSignal =>
  AbortSignal.any([
    ...(signal ? [signal] : []),
    ...(timeoutMillis === undefined ? [] : [AbortSignal.timeout(timeoutMillis)]),
  ]);

/**
 * Runs one short command and collects what it prints. Its exit status is the caller's to judge.
 * @throws SshError('timeout') when it takes or is silent too long, SshError('aborted') by the signal, SshError('no-start')
 * when it was never started, for lack of room in /tmp say, SshError('too-much') when it prints more than `maxBytes`, and as
 * the runner does
 */
export const execPlain = async (
  runner: BorgRunner,
  argv: readonly string[],
  options: PlainOptions = {},
): Promise<PlainResult> => {
  const { where } = runner;
  const { idleTimeoutMillis, maxBytes = MAX_BYTES, mayBeCut = false, cleanup = [] } = options;
  const limits = idleTimeoutMillis === undefined ? { timeoutMillis: TIMEOUT_MILLIS, ...options } : options;
  const [stdout, stderr] = [keepFirstBytes(STARTED.length + maxBytes), keepFirstBytes(maxBytes)];
  const { stopped, exitCode } = await runner.run({
    script: leashScript({ setup: ['echo'], teardown: [], cleanup, argv, redirections: '</dev/null' }),
    secrets: {},
    onStdout: stdout.add,
    onStderr: stderr.add,
    signal: signalOf(limits),
    ...(idleTimeoutMillis === undefined ? {} : { idleTimeoutMillis }),
  });
  if (stopped) throw stoppedBy(where, stopped, limits);
  return {
    exitCode,
    stdout: outputOf({ where, exitCode, stdout, maxBytes, mayBeCut }),
    stderr: stderr.text(),
  };
};
