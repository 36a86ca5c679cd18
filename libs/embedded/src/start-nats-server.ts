import { AppError } from '@cyborgbackup/kernel';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimDirectory } from './claim-directory.ts';
import { findExecutable } from './find-executable.ts';
import { onFreePort } from './free-port.ts';
import type { RunningServer, StartOptions } from './running-server.ts';
import { readOrCreateSecret } from './secret-file.ts';
import { giveTo, serverIdentity } from './server-identity.ts';
import { superviseProcess, type SupervisedProcess } from './supervised-process.ts';

const EXECUTABLE = 'nats-server';

/** Paths are relative to the server's folder. The token is hex, so it needs no escaping. */
const configText = (port: number, token: string): string => `
host: "127.0.0.1"
port: ${port}
authorization { token: "${token}" }
jetstream {
  store_dir: "jetstream"
  max_memory_store: 64MB
  max_file_store: 1GB
}
`;

const natsServerPath = async (): Promise<string> => {
  const path = await findExecutable(EXECUTABLE);
  if (path !== undefined) return path;
  throw new AppError(
    'unavailable',
    'nats-server is not installed; install it with "apt-get install -y nats-server", or set NATS_URL to a server of your own.',
  );
};

/**
 * Starts a nats-server with JetStream on 127.0.0.1, its store in `dataDir`, and starts it again should it end by itself.
 * The url, `nats://TOKEN@127.0.0.1:PORT`, keeps its token over restarts. A server that a killed parent left there is shut
 * down first.
 * @throws AppError `unavailable` when nats-server is not installed, `conflict` when another process uses `dataDir`
 */
export const startNatsServer = async ({ dataDir, logger, port }: StartOptions): Promise<RunningServer> => {
  const path = await natsServerPath();
  const release = await claimDirectory(dataDir);
  try {
    const identity = serverIdentity();
    const directory = join(dataDir, 'server');
    const token = await readOrCreateSecret(join(dataDir, 'token'));
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const start = async (onPort: number): Promise<SupervisedProcess> => {
      const config = join(directory, 'nats.conf');
      await writeFile(config, configText(onPort, token), { mode: 0o600 });
      if (identity) await chown(config, identity.uid, identity.gid);
      await giveTo(directory, identity);
      return superviseProcess({
        name: EXECUTABLE,
        path,
        args: ['--config', 'nats.conf'],
        directory,
        identity,
        isReady: (line) => line.includes('Server is ready'),
        signals: [
          { signal: 'SIGTERM', millis: 10_000 },
          { signal: 'SIGKILL', millis: 5_000 },
        ],
        logger,
      });
    };
    const { server, port: chosen } = await onFreePort(start, port);
    return {
      url: `nats://${token}@127.0.0.1:${chosen}`,
      stop: async (signal) => {
        await server.stop(signal);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
};
