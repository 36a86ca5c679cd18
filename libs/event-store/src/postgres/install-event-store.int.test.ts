import { asService, SERVICE_ROLES, serviceRole } from '@cyborgbackup/database';
import { startPostgres } from '@cyborgbackup/embedded';
import { createLogger } from '@cyborgbackup/kernel';
import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installEventStore } from './install-event-store.ts';

const install = (client: pg.Client): Promise<void> => installEventStore(client, []);

const connected = async <T>(url: string, work: (client: pg.Client) => Promise<T>, options = ''): Promise<T> => {
  const client = new pg.Client({ connectionString: url, options });
  await client.connect();
  return work(client).finally(() => client.end());
};

describe('in an empty database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  it('several processes may install at once and again', async () => {
    await Promise.all(Array.from({ length: 4 }, () => connected(database.adminUrl, install)));
    await connected(database.adminUrl, install);
  });
});

describe('in a cluster without the roles', () => {
  const logger = createLogger('test', 'silent');
  let dataDir: string;
  let server: Awaited<ReturnType<typeof startPostgres>>;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'install-'));
    server = await startPostgres({ dataDir, logger, durable: false });
  });
  afterAll(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true });
  });

  /** A login that owns a database of its own. */
  const newOwner = async (name: string, attributes: string): Promise<string> => {
    await connected(server.url, async (client) => {
      await client.query(`create role ${name} login password 'x' ${attributes}`);
      await client.query(`create database ${name} owner ${name}`);
    });
    const url = new URL(server.url);
    [url.username, url.password, url.pathname] = [name, 'x', `/${name}`];
    return url.href;
  };

  it('tells the administrator what to run, and works once that was done', async () => {
    const owner = await newOwner('plain', '');
    const error: unknown = await connected(owner, install).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(`create role ${serviceRole('catalog')}`),
    });
    const [, sql = ''] = /run: (.*)$/.exec((error as Error).message) ?? [];
    await connected(server.url, (client) => client.query(sql));
    await connected(owner, install);
    const role = await connected(
      owner,
      (client) => client.query('select current_user::text as role'),
      asService('catalog'),
    );
    expect(role.rows).toEqual([{ role: serviceRole('catalog') }]);
    await connected(server.url, (client) => client.query('drop database plain'));
    await connected(server.url, (client) => client.query(`drop role ${SERVICE_ROLES.join(', ')}`));
  });

  it('makes the roles where it may', async () => {
    const owner = await newOwner('maker', 'createrole');
    await connected(owner, install);
    const head = await connected(owner, (client) => client.query('select events.ceiling()'), asService('catalog'));
    expect(head.rows).toEqual([{ ceiling: '0' }]);
  });
});
