import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { BorgRunner } from './borg-runner.ts';
import { readerCommand, runSupervised } from './supervisor.ts';
import { SshError } from '../ssh/error.ts';
import type { ExecOptions, ExecResult } from '../ssh/exec.ts';
import { consume, feed } from '../ssh/stream-io.ts';

const WHERE = 'this host';
/** The rest of our environment (database passwords and such) is nobody's business. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK'];

const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

const untilClosed = (child: ChildProcessWithoutNullStreams): Promise<ExecResult> =>
  new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new SshError('no-shell', `Cannot start sh on this host: ${error.message}.`, error)),
    );
    child.once('close', (exitCode, signal) => resolve({ exitCode, ...(signal === null ? {} : { signal }) }));
  });

/** Does nothing to a child that has ended. */
const killGroup = (child: ChildProcessWithoutNullStreams): void => {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL');
};

/** Starts the reader in a process group of its own, so that the last resort reaches everything it started. */
const startReader = async (options: ExecOptions): Promise<ExecResult> => {
  const [command = 'sh', ...args] = readerCommand();
  const child = spawn(command, args, { env: cleanEnvironment(), stdio: 'pipe', detached: true });
  child.stdin.on('error', () => undefined);
  const ended = new AbortController();
  const work = Promise.all([
    untilClosed(child).finally(() => ended.abort()),
    consume(child.stdout, options.onStdout),
    consume(child.stderr, options.onStderr),
  ]);
  let onAbort: (() => void) | undefined;
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(new SshError('aborted', 'The command on this host was cancelled.'));
    options.signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const feeding = options.stdin ? feed(child.stdin, options.stdin, ended.signal).then(() => work) : work;
    const [result] = await Promise.race([work, feeding, abort]);
    return result;
  } finally {
    ended.abort();
    killGroup(child);
    if (onAbort) options.signal?.removeEventListener('abort', onAbort);
  }
};

/** Runs scripts on the host we run on, for repositories on its own disks. */
export const localRunner = (): BorgRunner => ({ where: WHERE, run: (run) => runSupervised(WHERE, startReader, run) });
