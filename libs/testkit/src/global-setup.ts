import { startPostgres } from '@cyborgbackup/embedded';
import { createLogger } from '@cyborgbackup/kernel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLUSTER_VARIABLE, prepareCluster } from './postgres.ts';

/**
 * Runs once for each vitest project that names it, before its workers are started, which inherit the environment. The
 * first one starts the run's cluster; vitest calls what is returned after the last test of all projects.
 */
export const setup = async (): Promise<(() => Promise<void>) | undefined> => {
  if (process.env[CLUSTER_VARIABLE] !== undefined) return undefined;
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-test-'));
  const server = await startPostgres({ dataDir, logger: createLogger('test', 'warn'), durable: false });
  await prepareCluster(server.url);
  process.env[CLUSTER_VARIABLE] = server.url;
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true });
  };
};
