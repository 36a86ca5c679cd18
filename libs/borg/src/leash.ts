import { AppError, delay } from '@cyborgbackup/kernel';
import type { RemoteScript, ScriptResult, ScriptRun } from './borg-runner.ts';
import { quote } from './quote.ts';
import { SshError } from './ssh-error.ts';
import type { ExecOptions, ExecResult } from './ssh-exec.ts';

/**
 * How a script gets to a host, and how it ends with us.
 *
 * The command line is a constant: a reader that takes a number of lines from standard input and evaluates them. So neither
 * the script nor its secrets appear in a process list, no limit on argument length applies, and the login shell sees only
 * text that sh, csh and fish read alike. Before the script starts the reader prints a marker; what a login script prints
 * before it is dropped, and its absence tells that the account does not run commands.
 *
 * Standard input then stays open as the leash: the script reads one line every 15 seconds (see remote-borg.ts), and ends
 * what it runs when the input closes or falls silent. So nothing that a script runs may read that input; borg's own data
 * comes from files or from a command it starts itself.
 */
export const START_MARKER = 'cyborgbackup-start';

const READER =
  'IFS= read -r n || exit 121; nl=$(printf "\\nx"); nl=${nl%x}; s=; ' +
  'while [ "$n" -gt 0 ]; do IFS= read -r l || exit 121; s="$s$l$nl"; n=$((n-1)); done; ' +
  `unset n l nl; echo ${START_MARKER}; eval "$s"`;

/** What is started: by a login shell as a line, or directly as an argument vector. */
export const readerCommand = (): readonly string[] => ['sh', '-c', READER];

const BEAT_MILLIS = 15_000;
/** TERM, then up to 5 s until KILL, then some for the network. */
const STOP_GRACE_MILLIS = 10_000;
const MAX_NOISE_BYTES = 64 * 1024;

const VARIABLE = /^[a-z_][a-z0-9_]*$/;

const payloadOf = ({ script, secrets }: RemoteScript): string => {
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

/** Passes on what follows the marker line. */
const createMarkerFilter = (): { strip: (chunk: Buffer) => Buffer; started: () => boolean; noise: () => string } => {
  const marker = Buffer.from(`${START_MARKER}\n`);
  let before = Buffer.alloc(0);
  let started = false;
  return {
    strip: (chunk) => {
      if (started) return chunk;
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(marker);
      if (at === -1) {
        before = before.subarray(-MAX_NOISE_BYTES);
        return Buffer.alloc(0);
      }
      started = true;
      return before.subarray(at + marker.length);
    },
    started: () => started,
    noise: () => before.toString('utf8').trim().slice(-200),
  };
};

/** Runs the timer that calls `expire` after a silence. */
const createWatch = (millis: number | undefined, expire: () => void): { touch: () => void; stop: () => void } => {
  if (millis === undefined) return { touch: () => undefined, stop: () => undefined };
  const timer = setTimeout(expire, millis);
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
};

/** Starts the reader somewhere. */
export type StartReader = (options: ExecOptions) => Promise<ExecResult>;

/**
 * Runs a script through a reader. The first stop, by the caller's signal or for silence, lets go of the leash and waits for
 * the remote end to report; output is dropped from then on. If no report comes within ten seconds the channel is closed.
 */
export const runOnLeash = async (where: string, start: StartReader, run: ScriptRun): Promise<ScriptResult> => {
  if (run.signal?.aborted) throw new SshError('aborted', `The command on ${where} was cancelled before it started.`);
  const released = new AbortController();
  const cut = new AbortController();
  let stopped: 'aborted' | 'idle' | undefined;
  let cutTimer: NodeJS.Timeout | undefined;
  const stop = (why: 'aborted' | 'idle'): void => {
    if (stopped) return;
    stopped = why;
    released.abort();
    cutTimer = setTimeout(() => cut.abort(), STOP_GRACE_MILLIS);
  };
  const onAbort = (): void => stop('aborted');
  run.signal?.addEventListener('abort', onAbort, { once: true });
  const watch = createWatch(run.idleTimeoutMillis, () => stop('idle'));
  const filter = createMarkerFilter();
  let complaint = '';
  try {
    const result = await start({
      stdin: leashInput(payloadOf(run), released.signal),
      signal: cut.signal,
      forwardAgent: run.forwardAgent === true,
      onStdout: (chunk) => {
        watch.touch();
        const rest = filter.strip(chunk);
        if (!stopped && rest.length > 0) return run.onStdout?.(rest);
      },
      onStderr: (chunk) => {
        watch.touch();
        if (!filter.started()) complaint = (complaint + chunk.toString('utf8')).slice(-200);
        if (!stopped) return run.onStderr?.(chunk);
      },
    });
    if (!filter.started() && !stopped) throw notAShell(where, filter.noise() || complaint.trim(), result);
    return stopped ? { ...result, stopped } : result;
  } catch (error) {
    if (stopped && error instanceof SshError) return { exitCode: null, stopped };
    throw error;
  } finally {
    released.abort();
    watch.stop();
    clearTimeout(cutTimer);
    run.signal?.removeEventListener('abort', onAbort);
  }
};

const notAShell = (where: string, said: string, result: ExecResult): SshError => {
  const detail = said === '' ? `exit status ${result.exitCode}` : `it said "${said.replaceAll(/\s+/g, ' ')}"`;
  return new SshError(
    'no-shell',
    `${where} does not let us run commands (${detail}). Does the account have a shell and no forced command?`,
  );
};
