import { join } from 'node:path';
import { readOrCreateSecret } from './files.ts';
import { initCluster, SUPERUSER, WORKING_DIRECTORY } from './init-cluster.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { changeOwner, serverIdentity } from './server-identity.ts';
import { type RunningServer, startServer, type StartOptions } from './start-server.ts';

interface StartPostgresOptions extends StartOptions {
  /** False where nothing needs to survive a crash of the machine, as in tests: no fsync. */
  readonly durable?: boolean;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
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

const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off', max_wal_size: '2GB' };

/**
 * Starts PostgreSQL on 127.0.0.1 with its cluster in `dataDir`, making that on the first start, and starts it again should
 * it end by itself. The url is the superuser's. A server that a killed parent left there is shut down first.
 * @throws AppError `conflict` when another process uses `dataDir`
 */
export const startPostgres = (options: StartPostgresOptions): Promise<RunningServer> =>
  startServer(options, async () => {
    const { dataDir, durable = true } = options;
    const identity = serverIdentity();
    const cluster = join(dataDir, 'cluster');
    const password = await readOrCreateSecret(join(dataDir, 'password'));
    const binaries = await postgresBinaries(identity);
    await initCluster(binaries, cluster, password, identity);
    await changeOwner(cluster, identity);
    const settings = Object.entries({ ...SETTINGS, ...(durable ? {} : NOT_DURABLE) });
    return {
      urlFor: (port) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
      planFor: async (port) => ({
        name: 'postgres',
        path: join(binaries, 'postgres'),
        args: ['-D', WORKING_DIRECTORY, '-p', String(port), ...settings.map(([name, value]) => `-c${name}=${value}`)],
        directory: cluster,
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
