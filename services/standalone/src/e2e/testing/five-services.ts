import { freePort } from '@cyborgbackup/embedded';
import { createTestDatabase, startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import { logIn, type ApiClient } from '../../demo/api-client.ts';
import { prepare, serviceProcess, type ServiceProcess } from './service-process.ts';
import { ADMIN } from './whole-product.ts';

export const SERVICES = ['inventory', 'scheduler', 'executor', 'catalog', 'gateway'] as const;
export type ServiceName = (typeof SERVICES)[number];

export { ADMIN } from './whole-product.ts';

/** All services as processes of their own on one database and one NATS server. */
export interface FiveServices extends AsyncDisposable {
  readonly url: string;
  readonly adminUrl: string;
  readonly nats: TestNats;
  /** What all of them have in common. */
  readonly environment: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>;
  logIn(): Promise<ApiClient>;
}

export const startFiveServices = async (): Promise<FiveServices> => {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  const environment = {
    DATABASE_URL: database.url,
    CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
    CYBORGBACKUP_ADMIN_EMAIL: ADMIN.email,
    CYBORGBACKUP_ADMIN_PASSWORD: ADMIN.password,
  };
  await prepare({ CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl, ...nats.environmentOf('prepare') });
  const made = await Promise.all(
    SERVICES.map(async (name) => {
      const address = `127.0.0.1:${await freePort()}`;
      const listen = name === 'gateway' ? 'CYBORGBACKUP_LISTEN' : 'CYBORGBACKUP_HEALTH_LISTEN';
      const service = serviceProcess(
        name,
        { ...environment, ...nats.environmentOf(name), [listen]: address },
        `http://${address}/readyz`,
      );
      return { name, service, url: `http://${address}` };
    }),
  );
  const dispose = async (): Promise<void> => {
    await Promise.all(made.map(({ service }) => service[Symbol.asyncDispose]()));
    await nats[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  };
  try {
    await Promise.all(made.map(({ service }) => service.start()));
  } catch (error) {
    await dispose();
    throw error;
  }
  const url = made.find(({ name }) => name === 'gateway')?.url ?? '';
  return {
    url,
    adminUrl: database.adminUrl,
    nats,
    environment,
    services: Object.fromEntries(made.map(({ name, service }) => [name, service])) as Record<
      ServiceName,
      ServiceProcess
    >,
    logIn: () => logIn(url, ADMIN),
    [Symbol.asyncDispose]: dispose,
  };
};
