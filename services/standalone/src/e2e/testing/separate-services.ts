import { startCatalog } from '@cyborgbackup/catalog';
import { startExecutor } from '@cyborgbackup/executor';
import { startGateway } from '@cyborgbackup/gateway';
import { startInventory } from '@cyborgbackup/inventory';
import { createLogger, loadConfig, type ServiceName } from '@cyborgbackup/kernel';
import { createNatsConnection, prepareJobQueue } from '@cyborgbackup/messaging';
import { startScheduler } from '@cyborgbackup/scheduler';
import { createServiceDeps, natsUrlOf, prepareDatabase, type ServiceDeps } from '@cyborgbackup/service';
import { createTestDatabase, startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { standaloneConfig } from '../../standalone-config.ts';
import { ADMIN } from './whole-product.ts';

/**
 * The five services in this process, but each with its own connections and its own credentials at NATS, as in containers: what one
 * of them may not do fails here as it does there.
 */
export interface SeparateServices extends AsyncDisposable {
  readonly url: string;
  readonly nats: TestNats;
  /** The database's owner. */
  readonly admin: pg.Pool;
}

const logger = createLogger('test', 'silent');

export const startSeparateServices = async (): Promise<SeparateServices> => {
  const stack = new AsyncDisposableStack();
  try {
    const database = stack.use(await createTestDatabase());
    const nats = stack.use(await startTestNats());
    const admin = new pg.Pool({ connectionString: database.adminUrl, max: 1 });
    stack.defer(() => admin.end());
    await prepareDatabase(database.adminUrl);
    const owner = await createNatsConnection({
      natsUrl: natsUrlOf(nats.environmentOf('prepare')),
      ...{ name: 'prepare', logger },
    });
    await prepareJobQueue(owner);
    await owner.close();
    const config = loadConfig(standaloneConfig, {
      DATABASE_URL: database.url,
      CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
      CYBORGBACKUP_LISTEN: '127.0.0.1:0',
      CYBORGBACKUP_ADMIN_EMAIL: ADMIN.email,
      CYBORGBACKUP_ADMIN_PASSWORD: ADMIN.password,
    });
    const partsOf = async (name: ServiceName): Promise<ServiceDeps> => {
      const environment = { ...config, DATABASE_URL: database.url, ...nats.environmentOf(name) };
      const parts = await createServiceDeps(name, environment, logger, { isPrepared: true });
      stack.defer(parts.close);
      return parts;
    };
    const keep = <Started extends { stop(): Promise<void> }>(started: Started): Started => {
      stack.defer(() => started.stop());
      return started;
    };
    keep(await startInventory(await partsOf('inventory'), config));
    keep(await startCatalog(await partsOf('catalog')));
    keep(await startScheduler(await partsOf('scheduler'), config));
    keep(await startExecutor(await partsOf('executor'), config));
    const { url } = keep(await startGateway(await partsOf('gateway'), config));
    return { url, nats, admin, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
};
