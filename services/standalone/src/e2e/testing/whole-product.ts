import { createLogger, loadConfig } from '@cyborgbackup/kernel';
import { createTestDatabase, startTestNats } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { standaloneConfig } from '../../standalone-config.ts';
import { startStandalone } from '../../start.ts';

/** The first superuser. */
export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery 1' };

/** The whole product in this process. */
export interface WholeProduct extends AsyncDisposable {
  readonly url: string;
  /** Its data, empty at first; everything in it goes at the end. */
  readonly folder: string;
  /** What it was configured with. */
  readonly environment: Readonly<Record<string, string>>;
  /** The database's owner: for looking at events, and for what no request can do. */
  readonly admin: pg.Pool;
}

/** @param more further variables of its environment */
export const startWholeProduct = async (more: Readonly<Record<string, string>> = {}): Promise<WholeProduct> => {
  const parts = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-data-'));
    parts.defer(() => rm(folder, { recursive: true, force: true }));
    const database = parts.use(await createTestDatabase());
    const nats = parts.use(await startTestNats());
    const admin = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
    parts.defer(() => admin.end());
    const environment = {
      DATABASE_URL: database.url,
      CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl,
      NATS_URL: nats.url,
      CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
      CYBORGBACKUP_DATA_DIR: folder,
      CYBORGBACKUP_LISTEN: '127.0.0.1:0',
      CYBORGBACKUP_ADMIN_EMAIL: ADMIN.email,
      CYBORGBACKUP_ADMIN_PASSWORD: ADMIN.password,
      CYBORGBACKUP_SSH_CONNECT_TIMEOUT: '3',
      ...more,
    };
    const product = await startStandalone(loadConfig(standaloneConfig, environment), createLogger('test', 'silent'));
    parts.defer(() => product.stop());
    return { url: product.url, folder, environment, admin, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
};
