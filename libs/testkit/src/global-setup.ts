import { startPostgres, type RunningServer } from '@cyborgbackup/embedded';
import { createLogger } from '@cyborgbackup/kernel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLUSTER_VARIABLE, prepareCluster } from './postgres.ts';

/**
 * Runs once for each vitest project that names it, before its workers are started, which inherit the environment. The
 * first one starts the run's cluster (embedded, or in a container of the image that `CYBORGBACKUP_TEST_IMAGE` names); vitest
 * calls what is returned after the last test of all projects.
 */
export const setup = async (): Promise<(() => Promise<void>) | undefined> => {
  if (process.env[CLUSTER_VARIABLE] !== undefined) return undefined;
  const image = process.env['CYBORGBACKUP_TEST_IMAGE'];
  const server = image === undefined ? await startOwnPostgres() : await startContainer(image);
  await prepareCluster(server.url);
  process.env[CLUSTER_VARIABLE] = server.url;
  return () => server.stop();
};

/** Loaded only where it is used: it takes half a second. */
const startContainer = async (image: string): Promise<RunningServer> =>
  (await import('./container-postgres.ts')).startContainerPostgres(image);

const startOwnPostgres = async (): Promise<RunningServer> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-test-'));
  const server = await startPostgres({
    dataDir,
    logger: createLogger('test', 'warn'),
    durable: false,
    onLoopback: true,
  });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
};
