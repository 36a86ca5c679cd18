import type { Logger } from '@cyborgbackup/kernel';
import { claimDirectory } from './claim-directory.ts';
import type { SupervisedProcess } from './supervised-process.ts';

/** A server of ours that is running. */
export interface RunningServer {
  /** How clients reach it, credentials included: not for logs. */
  readonly url: string;
  /** Ends it and resolves when no process of it is left; with `SIGKILL`, as a power cut would. Safe to call again. */
  readonly stop: (signal?: 'SIGKILL') => Promise<void>;
}

export interface StartOptions {
  /** Holds everything the server keeps; made on the first start. One process may use it at a time. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** On 127.0.0.1. A free one by default. */
  readonly port?: number;
}

/** Starts a server in a folder that is this process's from before the start until after the stop. */
export const startInClaimed = async (
  dataDir: string,
  start: () => Promise<{ readonly url: string; readonly server: SupervisedProcess }>,
): Promise<RunningServer> => {
  const release = await claimDirectory(dataDir);
  try {
    const { url, server } = await start();
    let ended: Promise<void> | undefined;
    return { url, stop: (signal) => (ended ??= server.stop(signal).then(release)) };
  } catch (error) {
    await release();
    throw error;
  }
};
