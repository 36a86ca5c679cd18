import type { BorgRunner } from './borg-runner.ts';
import { readerCommand, runSupervised } from './supervisor.ts';
import { quoteArgv } from '../shell/quote.ts';
import type { SshSession } from '../ssh/session.ts';

export interface SshRunnerOptions {
  /** Run as root through `sudo -n`, for accounts that may. */
  readonly sudo?: boolean;
}

/** `env` hands the agent's address through sudo, which clears the environment. */
const SUDO = 'exec sudo -n env SSH_AUTH_SOCK="$SSH_AUTH_SOCK" ';

/** The command line that starts the reader (see leash.ts). */
export const readerLine = (sudo: boolean): string => `${sudo ? SUDO : 'exec '}${quoteArgv(readerCommand())}`;

/** Runs scripts over an SSH session. */
export const sshRunner = (session: SshSession, { sudo = false }: SshRunnerOptions = {}): BorgRunner => {
  const where = `${session.user}@${session.host}:${session.port}`;
  const command = readerLine(sudo);
  return { where, run: (run) => runSupervised(where, (options) => session.exec(command, options), run) };
};
