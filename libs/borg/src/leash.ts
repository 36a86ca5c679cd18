import { AppError, delay } from '@cyborgbackup/kernel';
import type { RemoteScript, ScriptResult, ScriptRun } from './borg-runner.ts';
import { quote } from './quote.ts';
import { SshError } from './ssh-error.ts';
import type { ExecOptions, ExecResult } from './ssh-exec.ts';
import type { ChunkSink } from './stream-io.ts';

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

type StopReason = 'aborted' | 'idle' | 'failed';

interface Stop {
  /** Lets go of the leash; if the script has not ended ten seconds later, `cut` tells to close the channel. Only once. */
  readonly stop: (why: StopReason) => void;
  readonly why: () => StopReason | undefined;
  readonly released: AbortSignal;
  readonly cut: AbortSignal;
  /** Ends the input and all timers. */
  readonly dispose: () => void;
}

const createStop = (): Stop => {
  const [released, cut] = [new AbortController(), new AbortController()];
  let reason: StopReason | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    stop: (why) => {
      if (reason) return;
      reason = why;
      released.abort();
      timer = setTimeout(() => cut.abort(), STOP_GRACE_MILLIS);
    },
    why: () => reason,
    released: released.signal,
    cut: cut.signal,
    dispose: () => {
      released.abort();
      clearTimeout(timer);
    },
  };
};

/** Calls `expire` after a silence, during which no sink was busy. */
const createWatch = (
  millis: number | undefined,
  isBusy: () => boolean,
  expire: () => void,
): { touch: () => void; stop: () => void } => {
  if (millis === undefined) return { touch: () => undefined, stop: () => undefined };
  const timer = setTimeout(() => (isBusy() ? timer.refresh() : expire()), millis);
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
};

interface GuardedSinks {
  readonly guard: (sink: ChunkSink | undefined, chunk: Buffer) => void | Promise<void>;
  readonly isBusy: () => boolean;
  readonly failure: () => unknown;
}

/** Sinks that get nothing more once the script was stopped, and whose errors stop it. */
const guardSinks = ({ stop, why }: Stop): GuardedSinks => {
  let busy = 0;
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    stop('failed');
  };
  return {
    guard: (sink, chunk) => {
      if (why() || !sink) return undefined;
      try {
        const taken = sink(chunk);
        if (!taken) return undefined;
        busy += 1;
        return taken.catch(fail).finally(() => {
          busy -= 1;
        });
      } catch (error) {
        return fail(error);
      }
    },
    isBusy: () => busy > 0,
    failure: () => failure,
  };
};

/** Starts the reader somewhere. */
export type StartReader = (options: ExecOptions) => Promise<ExecResult>;

/**
 * Runs a script through a reader. The first stop, by the caller's signal, for silence or for an error of a sink, lets go of
 * the leash and waits for the remote end to report; output is dropped from then on.
 * @throws SshError when the script could not be started or was lost sight of, and what a sink throws
 */
export const runOnLeash = async (where: string, start: StartReader, run: ScriptRun): Promise<ScriptResult> => {
  if (run.signal?.aborted) throw new SshError('aborted', `The command on ${where} was cancelled before it started.`);
  const stop = createStop();
  const sinks = guardSinks(stop);
  const filter = createMarkerFilter();
  const watch = createWatch(run.idleTimeoutMillis, sinks.isBusy, () => stop.stop('idle'));
  const onAbort = (): void => stop.stop('aborted');
  run.signal?.addEventListener('abort', onAbort, { once: true });
  let complaint = '';
  try {
    const result = await start({
      stdin: leashInput(payloadOf(run), stop.released),
      signal: stop.cut,
      forwardAgent: run.forwardAgent === true,
      onStdout: (chunk) => {
        watch.touch();
        const rest = filter.strip(chunk);
        if (rest.length > 0) return sinks.guard(run.onStdout, rest);
      },
      onStderr: (chunk) => {
        watch.touch();
        if (!filter.started()) complaint = (complaint + chunk.toString('utf8')).slice(-200);
        return sinks.guard(run.onStderr, chunk);
      },
    });
    if (!filter.started() && !stop.why()) throw notAShell(where, filter.noise() || complaint.trim(), result);
    return finish(stop.why(), sinks.failure(), result);
  } catch (error) {
    if (!stop.why() || !(error instanceof SshError)) throw error;
    return finish(stop.why(), sinks.failure(), { exitCode: null });
  } finally {
    stop.dispose();
    watch.stop();
    run.signal?.removeEventListener('abort', onAbort);
  }
};

const finish = (why: StopReason | undefined, failure: unknown, result: ExecResult): ScriptResult => {
  if (why === 'failed') throw failure;
  return why === undefined ? result : { ...result, stopped: why };
};

const notAShell = (where: string, said: string, result: ExecResult): SshError => {
  const detail = said === '' ? `exit status ${result.exitCode}` : `it said "${said.replaceAll(/\s+/g, ' ')}"`;
  return new SshError(
    'no-shell',
    `${where} does not let us run commands (${detail}). Does the account have a shell and no forced command?`,
  );
};
