import { AppError, delay } from '@cyborgbackup/kernel';
import type { RemoteScript, ScriptResult, ScriptRun } from './borg-runner.ts';
import { SILENCED } from './supervised-script.ts';
import { quote } from '../shell/quote.ts';
import { isSshError, SshError } from '../ssh/error.ts';
import type { ExecOptions, ExecResult } from '../ssh/exec.ts';
import { createBannerFilter, START_MARKER } from './startup-banner.ts';
import { createGracefulStop, createIdleTimeout, guardSinks, type StopReason } from './graceful-stop.ts';

/**
 * How a script gets to a host, and how it ends with us.
 *
 * The command line is a constant: a reader that takes a number of lines from standard input and evaluates them. So neither
 * the script nor its secrets appear in a process list, no limit on argument length applies, and the login shell sees only
 * text that sh, csh and fish read alike. Before the script starts the reader prints a marker; what a login script prints
 * before it is dropped, and its absence tells that the account does not run commands.
 *
 * Standard input then stays open as the leash: the script reads one line every 15 seconds (see leash-script.ts), and ends
 * what it runs when the input closes or falls silent for a minute: then we are gone, or were paused. So nothing that a
 * script runs may read that input; borg's own data comes from files or from a command it starts itself.
 */
const READER =
  'IFS= read -r n || exit 121; nl=$(printf "\\nx"); nl=${nl%x}; s=; ' +
  'while [ "$n" -gt 0 ]; do IFS= read -r l || exit 121; s="$s$l$nl"; n=$((n-1)); done; ' +
  `unset n l nl; echo ${START_MARKER}; eval "$s"`;

/** What is started: by a login shell as a line, or directly as an argument vector. */
export const readerCommand = (): readonly string[] => ['sh', '-c', READER];

const BEAT_MILLIS = 15_000;

const VARIABLE = /^[a-z_][a-z0-9_]*$/;

/** What the reader takes: the number of lines, and the lines, secrets first. */
export const payloadOf = ({ script, secrets }: RemoteScript): string => {
  const assignments = Object.entries(secrets).map(([name, value]) => {
    if (!VARIABLE.test(name)) throw new AppError('internal', `${name} is not a shell variable`);
    return `unset ${name}; ${name}=${quote(value)}`;
  });
  const text = [...assignments, script].join('\n');
  return `${text.split('\n').length}\n${text}\n`;
};

const leashInput = async function* (payload: string, released: AbortSignal): AsyncGenerator<string> {
  yield payload;
  for (;;) {
    await delay(BEAT_MILLIS, released);
    if (released.aborted) return;
    yield '\n';
  }
};

/** Starts the reader somewhere. */
export type StartReader = (options: ExecOptions) => Promise<ExecResult>;

/**
 * Runs a script through a reader. The first stop, by the caller's signal, for silence or for an error of a sink, lets go of
 * the leash and waits for the remote end to report; output is dropped from then on.
 * @throws SshError when the script could not be started, was lost sight of or fell off its leash, and what a sink throws
 */
export const runSupervised = async (where: string, start: StartReader, run: ScriptRun): Promise<ScriptResult> => {
  if (run.signal?.aborted) throw new SshError('aborted', `The command on ${where} was cancelled before it started.`);
  const stop = createGracefulStop();
  const sinks = guardSinks(stop);
  const opening = createBannerFilter();
  const watch = createIdleTimeout(run.idleTimeoutMillis, sinks.isBusy, () => stop.stop('idle'));
  const onAbort = (): void => stop.stop('aborted');
  run.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const result = await start({
      stdin: leashInput(payloadOf(run), stop.released),
      signal: stop.cut,
      forwardAgent: run.forwardAgent === true,
      onStdout: (chunk) => {
        watch.touch();
        const rest = opening.strip(chunk);
        if (rest.length > 0) return sinks.guard(run.onStdout, rest);
      },
      onStderr: (chunk) => {
        watch.touch();
        opening.hear(chunk);
        return sinks.guard(run.onStderr, chunk);
      },
    });
    if (!opening.isOver() && !stop.why()) throw notAShell(where, opening.said(), result);
    return finish(where, stop.why(), sinks.failure(), result);
  } catch (error) {
    // Losing sight of what we are ending anyway is no further failure: the leash goes on without us.
    if (!stop.why() || !isSshError(error)) throw error;
    return finish(where, stop.why(), sinks.failure(), { exitCode: null });
  } finally {
    stop.dispose();
    watch.stop();
    run.signal?.removeEventListener('abort', onAbort);
  }
};

const finish = (where: string, why: StopReason | undefined, failure: unknown, result: ExecResult): ScriptResult => {
  if (why === 'failed') throw failure;
  if (why !== undefined) return { ...result, stopped: why };
  if (result.exitCode === SILENCED) throw silenced(where);
  return result;
};

const silenced = (where: string): SshError =>
  new SshError(
    'lost',
    `${where} heard nothing from this executor for a minute, so what ran there was stopped. Was the executor's host suspended or overloaded, or the connection stalled?`,
  );

const notAShell = (where: string, said: string, result: ExecResult): SshError => {
  const detail = said === '' ? `exit status ${result.exitCode}` : `it said "${said}"`;
  return new SshError(
    'no-shell',
    `${where} does not let us run commands (${detail}). Does the account have a shell and no forced command?`,
  );
};
