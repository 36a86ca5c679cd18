import { startNatsServer } from '@cyborgbackup/embedded';
import { createLogger } from '@cyborgbackup/kernel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A nats-server with JetStream of a test's own. Port, token and stored messages stay the same over restarts. */
export interface TestNats extends AsyncDisposable {
  readonly url: string;
  /** Shuts it down cleanly; it stays down until `restart`. */
  readonly stop: () => Promise<void>;
  /** Ends it without warning, as a power cut would; it stays down until `restart`. */
  readonly kill: () => Promise<void>;
  /** Starts it again, stopping it first if it runs. */
  readonly restart: () => Promise<void>;
}

export const startTestNats = async (): Promise<TestNats> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-nats-'));
  const logger = createLogger('test', 'error');
  let server = await startNatsServer({ dataDir, logger });
  let isRunning = true;
  const { url } = server;
  const port = Number(new URL(url).port);

  const end = async (signal?: 'SIGKILL'): Promise<void> => {
    if (!isRunning) return;
    isRunning = false;
    await server.stop(signal);
  };

  return {
    url,
    stop: () => end(),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end();
      server = await startNatsServer({ dataDir, logger, port });
      isRunning = true;
    },
    [Symbol.asyncDispose]: async () => {
      await end();
      await rm(dataDir, { recursive: true });
    },
  };
};
