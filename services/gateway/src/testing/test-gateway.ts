import { comparableEmail } from '@cyborgbackup/contracts';
import { createLogger, hashPassword, loadConfig } from '@cyborgbackup/kernel';
import { ensureProjection } from '@cyborgbackup/projections';
import { connectProcess, serviceConfig, type ServiceDeps } from '@cyborgbackup/service';
import { createTestDatabase, startTestNats } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { gatewayConfig } from '../gateway-config.ts';
import { startGateway } from '../start.ts';
import { createFakeServices, type FakeServices } from './fake-services.ts';
import { projections } from './read-models.ts';

export const PASSWORD = 'correct horse battery';
export const STAMP = '2026-01-02T03:04:05.678901Z';

/** What JSON.parse gives: tests look into it as they like. */
type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface SendOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Default: `admin@…`; null: without credentials. */
  readonly as?: string | null;
}

/** The gateway on real PostgreSQL and NATS, with seeded tables, and fakes in place of the other services. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly deps: ServiceDeps;
  /** What the gateway may not do, and the services do whose tables it reads. */
  readonly others: ServiceDeps;
  readonly services: FakeServices;
  send(path: string, options?: SendOptions): Promise<Answer>;
  /** Inserts a row; columns that are not given take a value that fits. */
  insert(table: string, row: Record<string, unknown>): Promise<void>;
  /** Stops the gateway, and nothing that it stands on. */
  stop(): Promise<void>;
  sql(text: string, values?: unknown[]): Promise<Json[]>;
}

export const ADMIN = 'admin@example.com';
export const USER = 'user@example.com';

const FITTING: Record<string, unknown> = {
  integer: 0,
  bigint: 0,
  text: '',
  boolean: false,
  uuid: undefined,
  'timestamp with time zone': STAMP,
  ARRAY: '{}',
  jsonb: '{}',
};

export const basic = (email: string, password = PASSWORD): string =>
  `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`;

const textOf = (body: unknown): string | undefined =>
  body === undefined || typeof body === 'string' ? body : JSON.stringify(body);

const headersOf = ({ as = ADMIN, body, headers }: SendOptions): Record<string, string> => ({
  ...(as === null ? {} : { Authorization: basic(as) }),
  ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  ...headers,
});

const send = async (url: string, options: SendOptions = {}): Promise<Answer> => {
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    redirect: 'manual',
    headers: headersOf(options),
    body: textOf(options.body) ?? null,
  });
  const answer = await response.text();
  const isJson = answer !== '' && response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
};

export const startTestGateway = async (env: Record<string, string> = {}): Promise<TestGateway> => {
  const database = await createTestDatabase();
  const nats = await startTestNats();
  const logger = createLogger('test', 'silent');
  const config = loadConfig(
    { ...serviceConfig, ...gatewayConfig },
    {
      DATABASE_URL: database.url,
      CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl,
      NATS_URL: nats.url,
      CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
      CYBORGBACKUP_LISTEN: '127.0.0.1:0',
      ...env,
    },
  );
  const { depsOf } = await connectProcess('gateway', config, logger);
  const deps = await depsOf('gateway');
  const others = await depsOf('test');
  for (const projection of projections) await ensureProjection(others.pool, projection);
  const services = await createFakeServices(deps.connection);
  const gateway = await startGateway(deps, config);
  const admin = new pg.Pool({ connectionString: database.adminUrl, max: 2 });

  const insert: TestGateway['insert'] = async (table, given) => {
    const email = table === 'inventory.users' ? { comparable_email: comparableEmail(String(given['email'])) } : {};
    const row: Record<string, unknown> = { ...email, ...given };
    const [schema, name] = table.split('.');
    const { rows } = await admin.query<{ name: string; type: string; nullable: string }>(
      `select column_name as name, data_type as type, is_nullable as nullable
         from information_schema.columns where table_schema = $1 and table_name = $2`,
      [schema, name],
    );
    const unknown = Object.keys(row).filter((column) => rows.every(({ name: known }) => known !== column));
    if (unknown.length > 0) throw new Error(`${table} has no ${unknown.join(', ')}`);
    const values = rows.map((column) => {
      if (column.name in row) {
        const value = row[column.name];
        return column.type === 'jsonb' && value !== null ? JSON.stringify(value) : value;
      }
      if (column.nullable === 'YES') return null;
      return column.type === 'uuid' ? randomUUID() : FITTING[column.type];
    });
    await admin.query(
      `insert into ${table} (${rows.map((column) => `"${column.name}"`).join(', ')})
       values (${rows.map((_, index) => `$${index + 1}`).join(', ')})`,
      values,
    );
  };

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= gateway.stop());

  const hash = await hashPassword(PASSWORD);
  for (const [id, email] of [
    [1, ADMIN],
    [2, USER],
  ] as const) {
    const uuid = randomUUID();
    await insert('inventory.users', {
      id,
      uuid,
      email,
      is_superuser: email === ADMIN,
      revision: 1,
      password_hash: await deps.keys.seal(`user-${uuid}`, hash),
    });
  }

  return {
    url: gateway.url,
    deps,
    others,
    services,
    insert,
    stop,
    sql: async (text, values): Promise<Json[]> => (await admin.query<Record<string, Json>>(text, values)).rows,
    send: (path, options) => send(`${gateway.url}${path}`, options),
    [Symbol.asyncDispose]: async () => {
      await stop();
      await admin.end();
      await deps.close();
      await nats[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
};
