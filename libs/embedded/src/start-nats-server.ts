import { AppError } from '@cyborgbackup/kernel';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readOrCreateSecret } from './files.ts';
import { findExecutable } from './find-executable.ts';
import { changeOwner, type Identity, serverIdentity } from './server-identity.ts';
import { type RunningServer, startServer, type StartOptions } from './start-server.ts';

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

/**
 * Makes the server's folder. The server owns its store and its configuration, but not the folder around them: where it
 * cannot put links, we can write as root.
 */
const prepareFolder = async (directory: string, identity: Identity | undefined): Promise<void> => {
  const store = join(directory, 'jetstream');
  await mkdir(store, { recursive: true, mode: 0o700 });
  await changeOwner(store, identity);
  if (!identity) return;
  await chown(directory, 0, identity.gid);
  await chmod(directory, 0o750);
};

/**
 * Starts a nats-server with JetStream on 127.0.0.1, its store in `dataDir`, and starts it again should it end by itself.
 * The url, `nats://TOKEN@127.0.0.1:PORT`, keeps its token over restarts. A server that a killed parent left there is shut
 * down first.
 * @throws AppError `unavailable` when nats-server is not installed, `conflict` when another process uses `dataDir`
 */
export const startNatsServer = async (options: StartOptions): Promise<RunningServer> => {
  const path = await findExecutable(EXECUTABLE);
  if (path === undefined) {
    throw new AppError(
      'unavailable',
      'nats-server is not installed; install it with "apt-get install -y nats-server", or set NATS_URL to a server of your own.',
    );
  }
  return startServer(options, async () => {
    const identity = serverIdentity();
    const directory = join(options.dataDir, 'server');
    const token = await readOrCreateSecret(join(options.dataDir, 'token'));
    await prepareFolder(directory, identity);
    return {
      urlFor: (port) => `nats://${token}@127.0.0.1:${port}`,
      planFor: async (port) => {
        const config = join(directory, 'nats.conf');
        await writeFile(config, configText(port, token), { mode: 0o600 });
        if (identity) await chown(config, identity.uid, identity.gid);
        return {
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
        };
      },
    };
  });
};
