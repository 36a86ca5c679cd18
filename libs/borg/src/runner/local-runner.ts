import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { type ExecOptions, type ExecResult, pipeCommand } from '../ssh/command-io.ts';
import { SshError } from '../ssh/error.ts';
import type { BorgRunner } from './borg-runner.ts';
import { READER_COMMAND } from './supervised-script.ts';
import { runSupervised } from './supervisor.ts';

const WHERE = 'this host';
/** The rest of our environment (database passwords and such) does not reach local commands. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK'];

const untilClosed = (child: ChildProcessWithoutNullStreams): Promise<ExecResult> =>
  new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new SshError('no-shell', `Cannot start sh on this host: ${error.message}.`, error)),
    );
    child.once('close', (exitCode, signal) => resolve({ exitCode, ...(signal === null ? {} : { signal }) }));
  });

/** Starts the reader in a process group of its own, so that the final KILL reaches everything it started. */
const startReader = async (options: ExecOptions): Promise<ExecResult> => {
  const [command = 'sh', ...args] = READER_COMMAND;
  const env = Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
  const child = spawn(command, args, { env, stdio: 'pipe', detached: true });
  child.stdin.on('error', () => undefined);
  try {
    const streams = { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, closed: untilClosed(child) };
    return await pipeCommand(
      streams,
      options,
      () => new SshError('aborted', 'The command on this host was cancelled.'),
    );
  } finally {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  }
};

/** Runs scripts on the host we run on, for repositories on its own disks. */
export const localRunner = (): BorgRunner => ({
  where: WHERE,
  run: (run) => runSupervised({ where: WHERE, start: startReader }, run),
});
