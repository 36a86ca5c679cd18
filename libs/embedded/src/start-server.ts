import type { Logger } from '@cyborgbackup/kernel';
import { claimDirectory } from './claim-directory.ts';
import { onFreePort } from './free-port.ts';
import { type ServerPlan, superviseProcess } from './supervised-process.ts';

/** A running server. */
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
export const startServer = async (
  { dataDir, logger, port }: StartOptions,
  prepare: () => Promise<{
    planFor: (port: number) => Promise<Omit<ServerPlan, 'logger'>>;
    urlFor: (port: number) => string;
  }>,
): Promise<RunningServer> => {
  const release = await claimDirectory(dataDir);
  try {
    const { planFor, urlFor } = await prepare();
    const start = async (onPort: number) => superviseProcess({ ...(await planFor(onPort)), logger });
    const { server: stop, port: chosen } = await onFreePort(start, port);
    let ended: Promise<void> | undefined;
    return { url: urlFor(chosen), stop: (signal) => (ended ??= stop(signal).then(release)) };
  } catch (error) {
    await release();
    throw error;
  }
};
