import { createLogger, loadConfig } from '@cyborgbackup/kernel';
import { createTestDatabase, startTestNats } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { standaloneConfig } from '../standalone-config.ts';
import { startStandalone } from '../start.ts';
import { createRecordedFetch, type Exchange } from './recorded-fetch.ts';

export interface Person {
  readonly email: string;
  readonly password: string;
}

/** The first superuser. */
export const ADMIN: Person = { email: 'admin@example.com', password: 'correct horse battery 1' };

/** What JSON.parse gives: tests look into it as they like. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface Sent {
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Signed in by HTTP Basic; `null` for nobody, the first superuser unless told. */
  readonly as?: Person | null;
}

/** The whole product in this process, and a client of its API that remembers all answers. */
export interface ContractServer extends AsyncDisposable {
  readonly url: string;
  /** The database's owner: for looking at events, and for what no request can do. */
  readonly admin: pg.Pool;
  readonly exchanges: readonly Exchange[];
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
}

const headersOf = ({ as = ADMIN, body, headers }: Sent): Record<string, string> => ({
  ...(as === null ? {} : { authorization: `Basic ${Buffer.from(`${as.email}:${as.password}`).toString('base64')}` }),
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  ...headers,
});

const textOf = (body: unknown): string | null => {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
};

const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
};

/** @param env further variables of the product */
export const startContractServer = async (env: Readonly<Record<string, string>> = {}): Promise<ContractServer> => {
  const closing: (() => PromiseLike<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-contract-'));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    const database = await createTestDatabase();
    closing.push(() => database[Symbol.asyncDispose]());
    const nats = await startTestNats();
    closing.push(() => nats[Symbol.asyncDispose]());
    const config = loadConfig(standaloneConfig, {
      DATABASE_URL: database.url,
      CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl,
      NATS_URL: nats.url,
      CYBORGBACKUP_MASTER_KEY: randomBytes(32).toString('base64'),
      CYBORGBACKUP_DATA_DIR: folder,
      CYBORGBACKUP_LISTEN: '127.0.0.1:0',
      CYBORGBACKUP_ADMIN_EMAIL: ADMIN.email,
      CYBORGBACKUP_ADMIN_PASSWORD: ADMIN.password,
      CYBORGBACKUP_SSH_CONNECT_TIMEOUT: '3',
      ...env,
    });
    const product = await startStandalone(config, createLogger('test', 'silent'));
    closing.push(() => product.stop());
    const admin = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
    closing.push(() => admin.end());
    const recorded = createRecordedFetch(() => product.url);
    return {
      url: product.url,
      admin,
      exchanges: recorded.exchanges,
      send: async (method, path, sent = {}) =>
        answerOf(
          await recorded.fetch(`${product.url}${path}`, {
            method,
            redirect: 'manual',
            headers: headersOf(sent),
            body: textOf(sent.body),
          }),
        ),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
