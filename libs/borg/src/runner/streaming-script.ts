import type { RemoteScript } from './borg-runner.ts';
import { payloadOf } from './supervisor.ts';
import type { ExecResult } from '../ssh/exec.ts';
import { readerLine } from './ssh-runner.ts';
import type { SshSession } from '../ssh/session.ts';
import { createBannerFilter } from './startup-banner.ts';
import type { ChunkSink } from '../ssh/stream-io.ts';

/** A POSIX sh script that reads bytes from its standard input. */
export interface FedScript extends RemoteScript {
  readonly data: AsyncIterable<Uint8Array>;
  readonly onStdout?: ChunkSink;
  readonly onStderr?: ChunkSink;
  /** Closes the channel: the script's input ends, as it does when we are gone. */
  readonly signal?: AbortSignal;
  /** As in `SshRunnerOptions`. */
  readonly sudo?: boolean;
}

const inputOf = async function* (run: FedScript): AsyncGenerator<string | Uint8Array> {
  yield payloadOf(run);
  yield* run.data;
};

/**
 * Runs a script with all of `data` as its standard input, as fast as it reads. There is no leash on it, which would need that
 * input: what it starts has to end when the input does.
 * @throws SshError, and what `data` throws
 */
export const runFedScript = (session: SshSession, run: FedScript): Promise<ExecResult> => {
  const opening = createBannerFilter();
  return session.exec(readerLine(run.sudo === true), {
    stdin: inputOf(run),
    onStdout: (chunk) => run.onStdout?.(opening.strip(chunk)),
    ...(run.onStderr ? { onStderr: run.onStderr } : {}),
    ...(run.signal ? { signal: run.signal } : {}),
  });
};
