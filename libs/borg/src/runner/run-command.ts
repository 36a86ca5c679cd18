import { humanBytes } from '@cyborgbackup/kernel';
import { explainFailure } from '../explain/explain-failure.ts';
import { SshError } from '../ssh/error.ts';
import type { BorgRunner } from './borg-runner.ts';
import { keepFirstBytes } from './keep-first-bytes.ts';
import { commandInput, supervisedScript } from './supervised-script.ts';

export interface CommandOutput {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Cut at `maxBytes`. */
  readonly stderr: string;
}

export interface RunCommandOptions {
  /** For the whole command. Default 30,000, or no limit where there is one for silence. */
  readonly timeoutMillis?: number;
  /** How long it may write nothing. Default: no limit. */
  readonly idleTimeoutMillis?: number;
  readonly signal?: AbortSignal;
  /** How much of each output is kept. Default 64 KiB. */
  readonly maxBytes?: number;
  /** Standard output beyond `maxBytes` is dropped instead of an error, for output that only people read. Default: false. */
  readonly mayBeCut?: boolean;
  /** The command's standard input, for what process lists must not show. Default: empty. */
  readonly input?: string;
  /** Shell lines that are run at the end in any case. */
  readonly cleanup?: readonly string[];
}

const MAX_BYTES = 64 * 1024;
const TIMEOUT_MILLIS = 30_000;

/** Printed before the command is started. A command may end with any status, so the status cannot tell whether it was started. */
const STARTED = '\n';

/** Exit statuses of reader.sh and supervise.sh, which `explainFailure` explains. */
const OWN_STATUSES = [121, 122, 123];

const notStarted = (where: string, exitCode: number | null): SshError => {
  const why =
    exitCode !== null && OWN_STATUSES.includes(exitCode)
      ? explainFailure({ exitCode, messages: [] }).message.replace('this host', where)
      : `The command could not be started on ${where} (exit status ${exitCode ?? 'none'}).`;
  return new SshError('no-start', why);
};

const tooMuch = (where: string, maxBytes: number): SshError => {
  const limit = humanBytes(maxBytes);
  return new SshError('too-much', `The command on ${where} printed more than ${limit}, the most that is read of it.`);
};

const inSeconds = (millis: number | undefined): string => `${Math.round((millis ?? 0) / 1000)} s`;

const stoppedBy = (
  where: string,
  { reason, hasStarted }: { reason: 'aborted' | 'idle'; hasStarted: boolean },
  options: RunCommandOptions,
): SshError => {
  if (options.signal?.aborted) return new SshError('aborted', `The command on ${where} was cancelled.`);
  if (!hasStarted)
    return new SshError(
      'timeout',
      `${where} did not start our command in time. Do its login scripts hang, or its disk?`,
    );
  const end =
    reason === 'idle'
      ? `said nothing for ${inSeconds(options.idleTimeoutMillis)} and was stopped.`
      : `did not end within ${inSeconds(options.timeoutMillis)}. Does its disk hang?`;
  return new SshError('timeout', `The command on ${where} ${end}`);
};

/** The caller's signal, and the end of the time for the whole command. */
const signalOf = ({ signal, timeoutMillis }: RunCommandOptions): AbortSignal =>
  AbortSignal.any([
    ...(signal ? [signal] : []),
    ...(timeoutMillis === undefined ? [] : [AbortSignal.timeout(timeoutMillis)]),
  ]);

/**
 * Runs one short command and collects what it prints. Its exit status is for the caller to interpret.
 * @throws SshError('timeout') when it takes or is silent too long, SshError('aborted') by the signal, SshError('no-start')
 * when it was never started, for lack of room in /tmp say, SshError('too-much') when it prints more than `maxBytes`, and as
 * the runner does
 */
export const runCommand = async (
  runner: BorgRunner,
  argv: readonly string[],
  options: RunCommandOptions = {},
): Promise<CommandOutput> => {
  const { where } = runner;
  const { idleTimeoutMillis, maxBytes = MAX_BYTES, input, cleanup = [] } = options;
  const limits = idleTimeoutMillis === undefined ? { timeoutMillis: TIMEOUT_MILLIS, ...options } : options;
  const [stdout, stderr] = [keepFirstBytes(STARTED.length + maxBytes), keepFirstBytes(maxBytes)];
  const { lines, secrets } = commandInput(input);
  const { stopped, exitCode } = await runner.run({
    script: supervisedScript(argv, { setup: ['echo', ...lines], cleanup }),
    secrets,
    onStdout: (chunk) => {
      stdout.add(chunk);
      // Stops the command, which might never end.
      if (stdout.isCut() && !options.mayBeCut && stdout.text().startsWith(STARTED)) throw tooMuch(where, maxBytes);
    },
    onStderr: stderr.add,
    signal: signalOf(limits),
    ...(idleTimeoutMillis === undefined ? {} : { idleTimeoutMillis }),
  });
  const text = stdout.text();
  const hasStarted = text.startsWith(STARTED);
  if (stopped) throw stoppedBy(where, { reason: stopped, hasStarted }, limits);
  if (!hasStarted) throw notStarted(where, exitCode);
  return { exitCode, stdout: text.slice(STARTED.length), stderr: stderr.text() };
};
