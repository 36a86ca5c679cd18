import { loadMigrations, migrate } from '@cyborgbackup/database';
import { prepareDatabase } from '@cyborgbackup/service';
import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { HttpError } from '../http/core/http-error.ts';
import { createLoginGuard, type AttemptOutcome, type LoginGuard } from './login-guard.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';
const HOUR_SECONDS = 3_600;

let database: TestDatabase;
let pool: pg.Pool;
let now = Date.parse('2026-01-01T00:00:00Z');
let guard: LoginGuard;
/** As of another process. */
let otherGuard: LoginGuard;

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareDatabase(database.adminUrl);
  pool = new pg.Pool({ connectionString: database.adminUrl, max: 8 });
  const client = await pool.connect();
  await migrate(client, 'gateway', loadMigrations(new URL('./sql/', import.meta.url)));
  client.release();
  const deps = { pool, secret: randomBytes(32), clock: { now: () => now } };
  [guard, otherGuard] = [createLoginGuard(deps), createLoginGuard(deps)];
});

afterEach(() => pool.query('truncate gateway.login_attempts'));

afterAll(async () => {
  await pool?.end();
  await database?.[Symbol.asyncDispose]();
});

const pass = (seconds: number): void => void (now += seconds * 1_000);

/** Seconds to wait; 0 when the attempt was made. */
const attempt = async (
  email: string,
  address: string,
  outcome: AttemptOutcome = 'failed',
  by: LoginGuard = guard,
): Promise<number> => {
  try {
    await by.attempt({ email, address }, () => Promise.resolve({ outcome, value: undefined }));
    return 0;
  } catch (error) {
    if (error instanceof HttpError) return Number(error.headers['Retry-After']);
    throw error;
  }
};

const fail = async (times: number, email = 'a@b.example', address = A): Promise<number[]> => {
  const waits: number[] = [];
  for (let i = 0; i < times; i += 1) waits.push(await attempt(email, address));
  return waits;
};

const slowdownOf = async (email: string, address: string): Promise<number> => {
  const start = performance.now();
  expect(await attempt(email, address, 'succeeded')).toBe(0);
  return performance.now() - start;
};

test('of eighty guesses at once, through two gateways, five are tried', async () => {
  const waits = await Promise.all(
    Array.from({ length: 80 }, (_, i) => attempt('a@b.example', A, 'failed', i % 2 ? guard : otherGuard)),
  );
  expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
});

test('eighty right log-ins at once are all let in', async () => {
  const waits = await Promise.all(Array.from({ length: 80 }, () => attempt('a@b.example', A, 'succeeded')));
  expect(new Set(waits)).toEqual(new Set([0]));
});

test('doubles the wait from the fifth failure on up to a quarter of an hour', async () => {
  expect(await fail(5)).toEqual([0, 0, 0, 0, 0]);
  const waits: number[] = [];
  for (let i = 0; i < 11; i += 1) {
    const wait = await attempt('A@b.example ', A);
    waits.push(wait);
    pass(wait);
    expect(await attempt('a@b.example', A)).toBe(0);
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
});

test('an attempt that is refused does not make the wait longer', async () => {
  await fail(5);
  for (let i = 0; i < 20; i += 1) expect(await attempt('a@b.example', A)).toBe(2);
});

test('does not lock another address or another email', async () => {
  await fail(6);
  expect(await attempt('a@b.example', B)).toBe(0);
  expect(await attempt('c@b.example', A)).toBe(0);
});

test('counts all addresses of an IPv6 network as one', async () => {
  for (let i = 0; i < 5; i += 1) expect(await attempt('a@b.example', `2001:db8::${i}`)).toBe(0);
  expect(await attempt('a@b.example', '2001:db8::ffff')).toBe(2);
  expect(await attempt('a@b.example', '2001:db8:0:1::1')).toBe(0);
});

test('locks a network that tries many accounts, but not for those who logged in from there before', async () => {
  expect(await attempt('resident@b.example', A, 'succeeded')).toBe(0);
  for (let i = 0; i < 50; i += 1) expect(await attempt(`user${i}@b.example`, A)).toBe(0);
  expect(await attempt('fresh@b.example', A)).toBeGreaterThan(0);
  expect(await attempt('resident@b.example', A, 'succeeded')).toBe(0);
});

test('forgets failures after a success, and after an hour without an attempt', async () => {
  await fail(4);
  expect(await attempt('a@b.example', A, 'succeeded')).toBe(0);
  expect(await fail(5)).toEqual([0, 0, 0, 0, 0]);
  expect(await attempt('a@b.example', A)).toBe(2);
  pass(HOUR_SECONDS + 1);
  expect(await fail(5)).toEqual([0, 0, 0, 0, 0]);
});

test('an attempt whose password was never looked at does not count', async () => {
  for (let i = 0; i < 8; i += 1) expect(await attempt('a@b.example', A, 'untried')).toBe(0);
  const broken = () => guard.attempt({ email: 'a@b.example', address: A }, () => Promise.reject(new Error('broken')));
  for (let i = 0; i < 8; i += 1) await expect(broken()).rejects.toThrow('broken');
  expect(await fail(5)).toEqual([0, 0, 0, 0, 0]);
});

test('an account that is tried from many networks is slowed down, never closed, and not where it was at home', async () => {
  expect(await slowdownOf('victim@b.example', A)).toBeLessThan(2_000);
  const guesses = Array.from({ length: 25 }, (_, i) => attempt('victim@b.example', `198.51.100.${i}`));
  expect(new Set(await Promise.all(guesses))).toEqual(new Set([0]));
  const { rows } = await pool.query<{ delay: number; wait: number }>(
    `select wait_millis as wait, delay_millis as delay
       from gateway.reserve_login('n', 'p', (select key from gateway.login_attempts order by failures desc limit 1), $1, $1)`,
    [new Date(now).toISOString()],
  );
  expect(rows).toEqual([{ wait: 0, delay: expect.any(Number) }]);
  expect(rows[0]?.delay).toBeGreaterThan(1_000);
  expect(await slowdownOf('victim@b.example', A)).toBeLessThan(1_000);
});

test('however long an account is attacked, an attempt from elsewhere waits ten seconds at most', async () => {
  const reserve = (network: string) =>
    pool.query<{ wait_millis: number; delay_millis: number }>(
      'select wait_millis, delay_millis from gateway.reserve_login($1, $2, $3, $4, $4)',
      [network, `${network}-pair`, 'account', new Date(now).toISOString()],
    );
  for (let i = 0; i < 300; i += 1) await reserve(randomUUID());
  expect((await reserve(randomUUID())).rows).toEqual([{ wait_millis: 0, delay_millis: 10_000 }]);
  pass(HOUR_SECONDS + 1);
  expect((await reserve(randomUUID())).rows).toEqual([{ wait_millis: 0, delay_millis: 0 }]);
});

test('the table names neither accounts nor addresses, and keeps nothing that is old', async () => {
  await fail(3);
  await attempt('b@b.example', B, 'succeeded');
  const { rows } = await pool.query('select * from gateway.login_attempts');
  expect(rows).toHaveLength(6);
  expect(JSON.stringify(rows)).not.toMatch(/example|192\.0\.2/);
  pass(HOUR_SECONDS + 1);
  await guard.sweep();
  const { rows: kept } = await pool.query('select known_until from gateway.login_attempts');
  expect(kept).toEqual([{ known_until: expect.any(Date) }]);
  pass(31 * 24 * HOUR_SECONDS);
  await guard.sweep();
  expect((await pool.query('select 1 from gateway.login_attempts')).rows).toEqual([]);
});
