import type { BorgRunner } from './borg-runner.ts';
import { createHead } from './bounded.ts';
import { leashScript } from './leash-script.ts';
import { SshError } from './ssh-error.ts';

export interface PlainResult {
  readonly exitCode: number | null;
  /** Cut at `maxBytes` each. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface PlainOptions {
  /** For the whole command. Default 30,000. */
  readonly timeoutMillis?: number;
  readonly signal?: AbortSignal;
  /** How much of each output is kept. Default 64 KiB. */
  readonly maxBytes?: number;
  /** Shell lines that are run at the end, however it comes. */
  readonly cleanup?: readonly string[];
}

const MAX_BYTES = 64 * 1024;

/**
 * Runs one short command and collects what it prints. Its exit status is the caller's to judge.
 * @throws SshError('timeout') when it takes too long, SshError('aborted') by the signal, and as the runner does
 */
export const execPlain = async (
  runner: BorgRunner,
  argv: readonly string[],
  { timeoutMillis = 30_000, signal, maxBytes = MAX_BYTES, cleanup = [] }: PlainOptions = {},
): Promise<PlainResult> => {
  const timeout = AbortSignal.timeout(timeoutMillis);
  const [stdout, stderr] = [createHead(maxBytes), createHead(maxBytes)];
  const result = await runner.run({
    script: leashScript({ setup: [], teardown: [], cleanup, argv, redirections: '</dev/null' }),
    secrets: {},
    onStdout: stdout.add,
    onStderr: stderr.add,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  if (!result.stopped) return { exitCode: result.exitCode, stdout: stdout.text(), stderr: stderr.text() };
  if (signal?.aborted) throw new SshError('aborted', `The command on ${runner.where} was cancelled.`);
  const seconds = Math.round(timeoutMillis / 1000);
  throw new SshError('timeout', `The command on ${runner.where} did not end within ${seconds} s. Does its disk hang?`);
};
