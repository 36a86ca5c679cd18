import type { Logger } from '@cyborgbackup/kernel';

/** A server of ours that is running. */
export interface RunningServer {
  /** How clients reach it, credentials included: not for logs. */
  readonly url: string;
  /** Ends it and resolves when no process of it is left; with `SIGKILL`, as a power cut would. */
  readonly stop: (signal?: 'SIGKILL') => Promise<void>;
}

export interface StartOptions {
  /** Holds everything the server keeps; made on the first start. One process may use it at a time. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** On 127.0.0.1. A free one by default. */
  readonly port?: number;
}
