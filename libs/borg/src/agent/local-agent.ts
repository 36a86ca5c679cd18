import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentIdentity, createAgentStream } from './dialogue.ts';

/** An agent on a socket of this host, for a borg that runs here. */
export interface LocalAgent extends AsyncDisposable {
  /** For `SSH_AUTH_SOCK`. */
  readonly socket: string;
}

const PREFIX = 'cyborgbackup-agent-';
const MAX_CONNECTIONS = 16;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Removes the sockets of processes that were killed: names without a key, but litter. */
const removeOrphans = async (folder: string): Promise<void> => {
  const dead = (await readdir(folder)).filter((name) => {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    return pid > 0 && !isAlive(pid);
  });
  // Those of other accounts cannot be removed, which is as it should be.
  await Promise.allSettled(dead.map((name) => rm(join(folder, name), { recursive: true, force: true })));
};

/**
 * Serves these keys to programs of our own account until it is disposed of. Each key signs for its destination only, as in
 * a forwarded agent. The socket lies in a folder that only we may enter and that goes with the agent.
 * @throws AppError('validation') for a key that cannot be read
 */
export const startLocalAgent = async (identities: readonly AgentIdentity[]): Promise<LocalAgent> => {
  createAgentStream(identities).destroy(); // throws for a key that cannot be read
  await removeOrphans(tmpdir());
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const socket = join(folder, 'socket');
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    const agent = createAgentStream(identities);
    const end = (): void => {
      open.delete(connection);
      agent.destroy();
      connection.destroy();
    };
    agent.on('error', end);
    connection.on('error', end).on('close', end);
    connection.pipe(agent).pipe(connection);
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(socket);
    await once(server, 'listening');
    await chmod(socket, 0o600);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      for (const connection of open) connection.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
};
