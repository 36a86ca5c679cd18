import type { ChunkSink, ExecResult } from '../ssh/command-io.ts';

/** A POSIX sh script and the secrets it needs, kept apart so that the script may be logged and the secrets are not. */
export interface RemoteScript {
  readonly script: string;
  /** Shell variables set (not exported) before the script runs. Never in an argument list, an environment or a file. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
}

export interface ScriptRun extends RemoteScript {
  readonly onStdout?: ChunkSink;
  readonly onStderr?: ChunkSink;
  /** Lets the script log in elsewhere with the session's agent (`sshRunner` only). */
  readonly forwardAgent?: boolean;
  /** Stops the script: what it runs gets TERM, and KILL four seconds later. */
  readonly signal?: AbortSignal;
  /** Stops the script when it has written nothing for this long. Default: never. */
  readonly idleTimeoutMillis?: number;
}

export interface ScriptResult extends ExecResult {
  /** Set when we ended it: by the caller's signal or for silence. */
  readonly stopped?: 'aborted' | 'idle';
}

/** Runs supervised sh scripts (see supervisor.ts), on another host or on this one. */
export interface BorgRunner {
  /** For messages: `user@host:port` or `this host`. */
  readonly where: string;
  /** @throws SshError when the script could not be started or its end was not reported */
  run(run: ScriptRun): Promise<ScriptResult>;
}
