import { delay, isAppError } from '@cyborgbackup/kernel';
import { addAbortListener } from 'node:events';
import type { ExecOptions, ExecResult } from '../ssh/command-io.ts';
import { isSshError, SshError } from '../ssh/error.ts';
import type { ScriptResult, ScriptRun } from './borg-runner.ts';
import { createGracefulStop, createIdleTimeout, TERM_TO_KILL_MILLIS, type GracefulStop } from './graceful-stop.ts';
import { noShell } from './no-shell.ts';
import { createBannerFilter } from './startup-banner.ts';
import { payloadOf } from './supervised-script.ts';

/**
 * How a script gets to a host, and how it ends with us.
 *
 * The command line is a constant: a reader (reader.sh) that takes a number of lines from standard input and evaluates them. So
 * neither the script nor its secrets appear in a process list, no limit on argument length applies, and the login shell sees
 * only text that all shells read alike (login-line.ts). Before the script starts the reader prints markers; the output
 * of a login script before them is dropped, and without them the account does not run commands.
 *
 * Standard input then stays open for heartbeats: we write a line every 15 seconds, and the script (supervise.sh) ends what it
 * runs when the input closes or is silent for a minute: then we are gone, or were suspended. So nothing that a script runs may
 * read that input; borg's own data comes from files or from a command it starts itself. Held by supervisor.int.test.ts and
 * nothing-left.int.test.ts.
 */
const HEARTBEAT_MILLIS = 15_000;

/** Exit status of a script that stopped its command because our heartbeats did not come; see supervise.sh. */
export const HEARTBEAT_LOST = 119;

/**
 * How long a script may go on after its connection broke without its host noticing: a minute of silence, which its supervisor
 * measures in ticks of five seconds, and what its command gets until KILL.
 */
export const ORPHAN_MILLIS = 65_000 + TERM_TO_KILL_MILLIS;

const heartbeats = async function* (payload: string, closed: AbortSignal): AsyncGenerator<string> {
  yield payload;
  for (;;) {
    await delay(HEARTBEAT_MILLIS, closed);
    if (closed.aborted) return;
    yield '\n';
  }
};

/** What runs scripts on a host. */
interface ScriptHost {
  /** For messages. */
  readonly where: string;
  /** Starts the reader. */
  readonly start: (options: ExecOptions) => Promise<ExecResult>;
  /** Until the reader's marker has to be there. Default: no limit. */
  readonly startTimeoutMillis?: number;
}

/** Calls `expire` unless a script has started in time. */
const createStartLimit = (
  millis: number | undefined,
  hasStarted: () => boolean,
  expire: () => void,
): Disposable & { isOver: () => boolean } => {
  let isOver = false;
  const timer =
    millis === undefined
      ? undefined
      : setTimeout(() => {
          isOver = !hasStarted();
          if (isOver) expire();
        }, millis);
  return { isOver: () => isOver, [Symbol.dispose]: () => clearTimeout(timer) };
};

/**
 * Runs a script through a reader. The first stop, by the caller's signal, for silence or for an error of
 * a sink, closes the input and waits for the remote end to report; output is dropped from then on.
 * @throws SshError when the script could not be started, its end was not reported or it missed our heartbeats, and what a sink
 *   throws
 */
export const runSupervised = async (
  { where, start, startTimeoutMillis }: ScriptHost,
  run: ScriptRun,
): Promise<ScriptResult> => {
  if (run.signal?.aborted) throw new SshError('aborted', `The command on ${where} was cancelled before it started.`);
  using control = createGracefulStop();
  using idle = createIdleTimeout(run.idleTimeoutMillis, control.isBusy, () => control.stop('idle'));
  using _listener = run.signal && addAbortListener(run.signal, () => control.stop('aborted'));
  const output = createBannerFilter(where);
  using limit = createStartLimit(startTimeoutMillis, output.hasStarted, () => control.stop('aborted'));
  const settled = (result: ExecResult): ScriptResult => {
    const hasRun = output.hasStarted() || (control.reason() !== undefined && !limit.isOver());
    if (!hasRun) throw noShell(where, output.banner(), result, limit.isOver());
    return resultOf(where, control, result);
  };
  try {
    const result = await start({
      stdin: heartbeats(payloadOf(run), control.inputClosed),
      signal: control.channelClosed,
      forwardAgent: run.forwardAgent === true,
      onStdout: (chunk) => {
        idle.touch();
        const rest = output.strip(chunk);
        if (rest.length > 0) return control.pass(run.onStdout, rest);
      },
      onStderr: (chunk) => {
        idle.touch();
        const rest = output.hear(chunk);
        if (rest.length > 0) return control.pass(run.onStderr, rest);
      },
    });
    return settled(result);
  } catch (error) {
    // A connection that breaks while we stop the script anyway is no further failure: its supervisor stops it without us.
    const broken = asBroken(where, error);
    if (!control.reason() || !isSshError(broken)) throw broken;
    return settled({ exitCode: null });
  }
};

/**
 * An error of a socket or a pipe to a host is one of that host. As it is, it could not be told from one of the sockets to our
 * own database.
 */
const asBroken = (where: string, error: unknown): unknown =>
  error instanceof Error && 'code' in error && !isAppError(error)
    ? new SshError('lost', `The connection to ${where} broke: ${error.message}.`, error)
    : error;

const resultOf = (where: string, control: GracefulStop, result: ExecResult): ScriptResult => {
  const reason = control.reason();
  if (reason === 'failed') throw control.failure();
  if (reason !== undefined) return { ...result, stopped: reason };
  if (result.exitCode !== HEARTBEAT_LOST) return result;
  throw new SshError(
    'unheard',
    `${where} heard nothing from this executor for a minute, so what ran there was stopped. Was the executor's host suspended or overloaded, or the connection stalled?`,
  );
};
