import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, startTestGateway, USER, type TestGateway } from '../testing/test-gateway.ts';

/*
 * One user sends many lists with costly filters. The query waits for a lock that the test holds, so it takes as long as the
 * test likes.
 */

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.services.on('inventory.session.open', () => ({ position: '0' }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

const COSTLY = '/api/v1/clients/?hostname__icontains=x&order=hostname';

/** Statements of lists that are at the database now. */
const running = async (): Promise<number> => {
  const [{ count }] = await gateway.sql(
    `select count(*)::int as count from pg_stat_activity
      where application_name = 'cyborgbackup-gateway-list' and state = 'active' and datname = current_database()`,
  );
  return Number(count);
};

/** Does the work while nothing that reads the table finds an end. */
const whileSlow = async (table: string, work: () => Promise<void>): Promise<void> => {
  const client = await gateway.others.pool.connect();
  await client.query('begin');
  try {
    await client.query(`lock table ${table} in access exclusive mode`);
    await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
};

test('one user’s lists take neither log-ins, nor details, nor the lists of others', async () => {
  const costly: Promise<{ status: number }>[] = [];
  await whileSlow('inventory.clients', async () => {
    for (let i = 0; i < 40; i += 1) costly.push(gateway.send(COSTLY));
    await expect.poll(running, { timeout: 20_000 }).toBe(3);
    const body = { email: USER, password: 'correct horse battery' };
    const logIn = () => gateway.send('/api/token/obtain/', { method: 'POST', as: null, body });
    const quick = await Promise.all([logIn(), gateway.send('/api/v1/users/1/'), gateway.send('/api/v1/me/')]);
    expect(quick.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await gateway.send('/api/v1/schedules/', { as: USER })).status).toBe(200);
    expect(await running()).toBe(3);
  });
  const statuses = (await Promise.all(costly)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(35);
  expect(statuses.filter((status) => status === 429)).toHaveLength(5);
});

test('one user’s searches take neither log-ins nor details', async () => {
  const searches: Promise<{ status: number }>[] = [];
  await whileSlow('catalog.entry_names', async () => {
    for (let i = 0; i < 10; i += 1) searches.push(gateway.send('/api/v1/search/?name=passwd', { as: USER }));
    await expect.poll(running, { timeout: 20_000 }).toBe(3);
    expect((await gateway.send('/api/v1/users/1/', { as: USER })).status).toBe(200);
  });
  expect(new Set((await Promise.all(searches)).map(({ status }) => status))).toEqual(new Set([200]));
});

test('a list is cancelled when its caller leaves, and so are those that wait', async () => {
  await whileSlow('inventory.clients', async () => {
    const gone = new AbortController();
    const headers = { Authorization: basic(USER) };
    const left = Array.from({ length: 10 }, () => fetch(`${gateway.url}${COSTLY}`, { signal: gone.signal, headers }));
    await expect.poll(running, { timeout: 20_000 }).toBe(3);
    gone.abort();
    await Promise.allSettled(left);
    await expect.poll(running, { timeout: 20_000 }).toBe(0);
  });
  expect((await gateway.send(COSTLY, { as: USER })).status).toBe(200);
});
