import { AppError } from '@cyborgbackup/kernel';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findExecutable } from './find-executable.ts';
import { changeOwner, type Identity, serverIdentity } from './server-identity.ts';
import { type RunningServer, startServer, type StartOptions } from './start-server.ts';

const EXECUTABLE = 'nats-server';

interface StartNatsOptions extends StartOptions {
  /** The block `authorization` of nats-server's configuration: who may do what. Public keys in it are no secret, a password is. */
  readonly authorization: string;
}

/** Paths are relative to the server's folder. */
const configText = (port: number, authorization: string): string => `
host: "127.0.0.1"
port: ${port}
${authorization}
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
 * Starts a nats-server with JetStream on 127.0.0.1 (it knows no other kind of socket), its store in `dataDir`, and starts it
 * again should it end by itself. The url has no credentials in it. A server that a killed parent left there is shut down first.
 * @throws AppError `unavailable` when nats-server is not installed, `conflict` when another process uses `dataDir`
 */
export const startNatsServer = async (options: StartNatsOptions): Promise<RunningServer> => {
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
    await prepareFolder(directory, identity);
    return {
      urlFor: (port) => `nats://127.0.0.1:${port}`,
      planFor: async (port) => {
        const config = join(directory, 'nats.conf');
        await writeFile(config, configText(port, options.authorization), { mode: 0o600 });
        if (identity) await chown(config, identity.uid, identity.gid);
        return {
          name: EXECUTABLE,
          path,
          lockFiles: [],
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
