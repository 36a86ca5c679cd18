import type { ExecResult } from '../ssh/command-io.ts';
import type { SshSession } from '../ssh/session.ts';
import { loginLine } from '../shell/login-line.ts';
import { quoteArgv } from '../shell/quote.ts';
import { assignLines, readScript, WITH_PATH } from '../shell/script.ts';
import type { BorgRunner, ScriptRun } from './borg-runner.ts';
import { createBannerFilter } from './startup-banner.ts';
import { payloadOf, READER_COMMAND } from './supervised-script.ts';
import { runSupervised } from './supervisor.ts';

interface SshRunnerOptions {
  /** Run as root through `sudo -n`, for accounts that may. */
  readonly sudo?: boolean;
}

const FIND_AGENT = readScript(new URL('./find-agent.sh', import.meta.url));

/**
 * The command line that starts the reader. `env` hands the agent's address through sudo, which clears the environment.
 * @param agent what marks the forwarded agent
 */
const readerLine = (sudo: boolean | undefined, agent?: string): string =>
  loginLine(
    [
      WITH_PATH,
      ...(agent === undefined ? [] : [...assignLines({ agent }), FIND_AGENT]),
      `exec ${sudo ? 'sudo -n env SSH_AUTH_SOCK="$SSH_AUTH_SOCK" ' : ''}${quoteArgv(READER_COMMAND)}`,
    ].join('\n'),
  );

/** Runs scripts over an SSH session. */
export const sshRunner = (session: SshSession, { sudo }: SshRunnerOptions = {}): BorgRunner => {
  const where = `${session.user}@${session.host}:${session.port}`;
  return {
    where,
    run: (run) => {
      const command = readerLine(sudo, run.forwardAgent ? session.agentMark : undefined);
      const { startTimeoutMillis } = session;
      return runSupervised({ where, startTimeoutMillis, start: (options) => session.exec(command, options) }, run);
    },
  };
};

/** A POSIX sh script that reads bytes from its standard input. Its signal closes the channel and with it that input. */
interface StreamingScript
  extends SshRunnerOptions, Pick<ScriptRun, 'script' | 'secrets' | 'onStdout' | 'onStderr' | 'signal'> {
  readonly data: AsyncIterable<Uint8Array>;
}

const inputOf = async function* (run: StreamingScript): AsyncGenerator<string | Uint8Array> {
  yield payloadOf(run);
  yield* run.data;
};

/**
 * Runs a script with all of `data` as its standard input, as fast as it reads. It is not supervised, which would need that
 * input: what it starts has to end when the input does.
 * @throws SshError, and what `data` throws
 */
export const runStreamingScript = (session: SshSession, run: StreamingScript): Promise<ExecResult> => {
  const output = createBannerFilter(`${session.user}@${session.host}:${session.port}`);
  return session.exec(readerLine(run.sudo), {
    stdin: inputOf(run),
    onStdout: (chunk) => run.onStdout?.(output.strip(chunk)),
    onStderr: (chunk) => run.onStderr?.(output.hear(chunk)),
    ...(run.signal ? { signal: run.signal } : {}),
  });
};
