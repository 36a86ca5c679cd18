import type { BorgRunner } from './borg-runner.ts';
import { readerCommand, runOnLeash } from './leash.ts';
import { quoteArgv } from './quote.ts';
import type { SshSession } from './ssh-session.ts';

export interface SshRunnerOptions {
  /** Run as root through `sudo -n`, for accounts that may. */
  readonly sudo?: boolean;
}

/** `env` hands the agent's address through sudo, which clears the environment. */
const SUDO = 'exec sudo -n env SSH_AUTH_SOCK="$SSH_AUTH_SOCK" ';

/** Runs scripts over an SSH session. */
export const sshRunner = (session: SshSession, { sudo = false }: SshRunnerOptions = {}): BorgRunner => {
  const where = `${session.user}@${session.host}:${session.port}`;
  const command = `${sudo ? SUDO : 'exec '}${quoteArgv(readerCommand())}`;
  return { where, run: (run) => runOnLeash(where, (options) => session.exec(command, options), run) };
};
