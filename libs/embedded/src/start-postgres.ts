import { join, resolve } from 'node:path';
import { readOrCreateSecret } from './files.ts';
import { initCluster, SUPERUSER, WORKING_DIRECTORY } from './init-cluster.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { changeOwner, serverIdentity } from './server-identity.ts';
import { type RunningServer, startServer, type StartOptions } from './start-server.ts';

interface StartPostgresOptions extends StartOptions {
  /** False where nothing needs to survive a crash of the machine, as in tests: no fsync. */
  readonly durable?: boolean;
  /**
   * Whether programs that take a host and a port need it: then it listens on 127.0.0.1. Default: a socket in `dataDir` which no
   * other user reaches, unless its path is too long for one, or `port` is given.
   */
  readonly onLoopback?: boolean;
}

const SETTINGS = {
  max_connections: '200',
  shared_buffers: '64MB',
  effective_cache_size: '512MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '512MB',
  // One shared cluster, small tables: parallel plans cost more than they give.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  random_page_cost: '1.1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Of the server itself only. Statements and their errors go to the client, which knows what in them is secret.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/** Names the socket. Nothing else listens in that folder. */
const SOCKET_PORT = 5432;

/** What the kernel has room for in the address of a socket, its last byte being zero. */
const SOCKET_PATH_BYTES = 107;

const ON_LOOPBACK = { listen_addresses: '127.0.0.1', unix_socket_directories: '' };

/**
 * The socket is in the cluster's own folder, which only the server's user can enter (and root). The server knows it under a path
 * that is short and passes no folder above it, since it may not enter those.
 */
const ON_SOCKET = { listen_addresses: '', unix_socket_directories: WORKING_DIRECTORY };

/** False where a client could not name the socket. */
const fitsSocket = (folder: string): boolean =>
  Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= SOCKET_PATH_BYTES;

const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off', max_wal_size: '2GB' };

/**
 * Starts PostgreSQL with its cluster in `dataDir`, making that on the first start, and starts it again should it end by itself.
 * The url is the superuser's, with a password on a socket as well. A server that a killed parent left there is shut down first.
 * @throws AppError `conflict` when another process uses `dataDir`
 */
export const startPostgres = (options: StartPostgresOptions): Promise<RunningServer> => {
  const { dataDir, durable = true, onLoopback = false, port } = options;
  const cluster = resolve(dataDir, 'cluster');
  const isOnSocket = !onLoopback && port === undefined && fitsSocket(cluster);
  return startServer(isOnSocket ? { ...options, port: SOCKET_PORT } : options, async () => {
    const identity = serverIdentity();
    const password = await readOrCreateSecret(join(dataDir, 'password'));
    const binaries = await postgresBinaries(identity);
    await initCluster(binaries, cluster, password, identity);
    await changeOwner(cluster, identity);
    const listening = isOnSocket ? ON_SOCKET : ON_LOOPBACK;
    const settings = Object.entries({ ...SETTINGS, ...listening, ...(durable ? {} : NOT_DURABLE) });
    const host = isOnSocket ? encodeURIComponent(cluster) : '127.0.0.1';
    return {
      urlFor: (port) => `postgres://${SUPERUSER}:${password}@${host}:${port}/postgres`,
      planFor: async (port) => ({
        name: 'postgres',
        path: join(binaries, 'postgres'),
        args: ['-D', WORKING_DIRECTORY, '-p', String(port), ...settings.map(([name, value]) => `-c${name}=${value}`)],
        directory: cluster,
        lockFiles: ['postmaster.pid', `.s.PGSQL.${port}.lock`],
        identity,
        isReady: (line) => line.includes('database system is ready to accept connections'),
        signals: [
          { signal: 'SIGINT', millis: 30_000 }, // fast shutdown: clients are cut off, a checkpoint is written
          { signal: 'SIGQUIT', millis: 5_000 },
          { signal: 'SIGKILL', millis: 5_000 },
        ],
      }),
    };
  });
};
