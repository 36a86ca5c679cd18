import type { RunningServer } from '@cyborgbackup/embedded';
import { randomBytes } from 'node:crypto';
import { GenericContainer, Wait } from 'testcontainers';

const PORT = 5432;
/** The server logs it once while it initialises itself and once when it is there. */
const READY = /database system is ready to accept connections/;

/**
 * PostgreSQL of another version than the embedded one, in a container: `CYBORGBACKUP_TEST_IMAGE=postgres:15 npm test`.
 * @throws Error when no container engine answers
 */
export const startContainerPostgres = async (image: string): Promise<RunningServer> => {
  const password = randomBytes(16).toString('hex');
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=200'])
    .withTmpFs({ '/var/lib/postgresql': 'rw' })
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forLogMessage(READY, 2))
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(PORT)}`;
  return {
    url: `postgresql://postgres:${password}@${address}/postgres`,
    stop: async () => {
      await container.stop();
    },
  };
};
