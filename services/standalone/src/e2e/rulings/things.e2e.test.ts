import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violationsSoFar } from '../testing/openapi-violations.ts';
import {
  startContractServer,
  type Answer,
  type ContractServer,
  type Json,
  type Sent,
} from '../testing/contract-server.ts';

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const send = (method: string, path: string, sent?: Sent): Promise<Answer> => server.send(method, path, sent);
const post = (collection: string, body: object, headers = {}): Promise<Answer> =>
  send('POST', `/api/v1/${collection}/`, { body, headers });

const create = async (collection: string, body: object): Promise<Json> => {
  const { status, body: made } = await post(collection, body);
  expect(status, JSON.stringify(made)).toBe(200);
  return made;
};

const unique = (): string => randomUUID().slice(0, 8);
const newClient = (): Promise<Json> => create('clients', { hostname: `${unique()}.example.com` });
const newRepository = (): Promise<Json> => create('repositories', { name: unique(), path: '/srv/repository' });

const newPolicy = async (more: { schedule?: object; policy?: object } = {}): Promise<Json> => {
  const schedule = await create('schedules', { name: unique(), crontab: '0 5 * * *', ...more.schedule });
  const [client, repository] = [await newClient(), await newRepository()];
  const references = { clients: [client.id], repository: repository.id, schedule: schedule.id };
  return create('policies', { name: unique(), ...references, ...more.policy });
};

const calendarOf = async ({ url }: Json, month?: string): Promise<Answer> =>
  send('GET', `${url}calendar/${month === undefined ? '' : `?month=${month}`}`);

const timesOf = async (policy: Json, month: string): Promise<readonly string[]> => {
  const times: readonly string[] = (await calendarOf(policy, month)).body;
  return times.map((time) => new Date(time).toISOString());
};

describe('a repository’s path', () => {
  test.each([
    'borg@backup:/srv/repository',
    'borg@backup.example.com:repository',
    'borg@[fe80::1]:/srv/repository',
    'ssh://borg@backup/srv/repository',
    'ssh://borg@backup:2222/srv/repository',
    '/srv/repository with blanks',
  ])('may be %s', async (path) => {
    expect(await create('repositories', { name: 'r', path })).toMatchObject({ path });
  });

  test.each([
    'repository',
    '../repository',
    'backup:/srv/repository',
    'ssh://backup/srv/repository',
    'ssh://borg@backup',
    'ssh://borg@backup:0/srv',
    'ssh://borg@backup:70000/srv',
    'http://backup/srv/repository',
    'file:///srv/repository',
    '-oProxyCommand=id@backup:/srv',
    'borg@-oProxyCommand=id:/srv',
    'borg@backup:/srv/repository::archive',
    '/srv/\nrepository',
    '/',
    '',
  ])('may not be %j', async (path) => {
    const { status, body } = await post('repositories', { name: 'r', path });
    expect([status, Object.keys(body)]).toEqual([400, ['path']]);
  });
});

describe('a crontab', () => {
  test.each([
    ['60 * * * *', /minute.*60/],
    ['* 24 * * *', /hour.*24/],
    ['* * 0 * *', /day of month.*0/],
    ['* * * 13 *', /month.*13/],
    ['* * * FEBRUARY *', /month.*FEBRUARY/],
    ['* * * * 8', /weekday.*8|day of week.*8/],
    ['* * * * * 1969', /year.*1969/],
    ['30-10 * * * *', /minute.*30-10/],
    ['*/0 * * * *', /minute.*step/],
    ['1,,2 * * * *', /minute.*empty/],
    ['* * L * *', /day of month.*"L"/],
    ['@daily', /five or six fields/],
    ['* * * * * * *', /five or six fields/],
    ['', /./],
  ])('%j is refused with the field and the reason', async (crontab, reason) => {
    const { status, body } = await post('schedules', { name: 's', crontab });
    expect([status, Object.keys(body)]).toEqual([400, ['crontab']]);
    expect(body.crontab[0]).toMatch(reason);
  });

  test('tells when a policy runs next', async () => {
    const weekly = await newPolicy({ schedule: { crontab: '0 5 * * MON *' } });
    expect(new Date(weekly.next_run).getUTCDay()).toBe(1);
    expect(weekly.next_run).toMatch(/T05:00:00Z$/);
    const always = await newPolicy({ schedule: { crontab: '*/1 * * * * *' } });
    expect(new Date(always.next_run).getTime() - Date.now()).toBeLessThanOrEqual(60_000);
    const quarters = await newPolicy({ schedule: { crontab: '0/15 * * * *' } });
    expect(new Date(quarters.next_run).getUTCMinutes() % 15).toBe(0);
    const abroad = await newPolicy({ schedule: { crontab: '0 12 1 1 *', timezone: 'Asia/Tokyo' } });
    expect(abroad.next_run).toMatch(/-01-01T03:00:00Z$/);
  });

  test.each([
    ['is exhausted', { schedule: { crontab: '0 0 1 1 * 2020' } }],
    ['never comes', { schedule: { crontab: '0 0 30 2 *' } }],
    ['is disabled', { schedule: { enabled: false } }],
    ['is of a disabled policy', { policy: { enabled: false } }],
  ])('that %s has no next run', async (_why, more) => {
    expect((await newPolicy(more)).next_run).toBeNull();
  });
});

describe('a calendar', () => {
  test('of a day that never comes is empty, at once', async () => {
    const policy = await newPolicy({ schedule: { crontab: '0 0 30 2 *' } });
    const started = performance.now();
    for (const month of [undefined, '2024-02', '2099-02']) {
      expect((await calendarOf(policy, month)).body).toEqual([]);
    }
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test('has all times of the month that is asked for, in the schedule’s time zone', async () => {
    const leap = await newPolicy({ schedule: { crontab: '30 4 29 2 *' } });
    expect(await timesOf(leap, '2024-02')).toEqual(['2024-02-29T04:30:00.000Z']);
    const paris = await newPolicy({ schedule: { crontab: '0 12 * * *', timezone: 'Europe/Paris' } });
    const hours = (await timesOf(paris, '2026-03')).map((time) => new Date(time).getUTCHours());
    // Summer time begins on the 29th.
    expect(hours).toEqual([...Array<number>(28).fill(11), ...Array<number>(3).fill(10)]);
    const always = await newPolicy({ schedule: { crontab: '* * * * *' } });
    expect(await timesOf(always, '2026-01')).toHaveLength(31 * 24 * 60);
  });

  test.each(['2026-13', '2026', 'x', '2026-1', ''])('of %j is a 400 about the month', async (month) => {
    const { status, body } = await calendarOf(await newPolicy(), month);
    expect([status, Object.keys(body)]).toEqual([400, ['month']]);
  });
});

describe('variables', () => {
  test.each([
    '',
    '{ "folders" : ["/etc"],\n\t"upload_ratelimit": 1e2, "checkpoint_interval": 600.0, "exclude": ["\\u00e9", "é"] }  ',
    '{"folders":["/etc"],"folders":["/srv"]}',
  ])('are kept as sent: %j', async (extra_vars) => {
    const policy_type = extra_vars === '' ? 'rootfs' : 'folders';
    const policy = await newPolicy({ policy: { policy_type, extra_vars } });
    expect((await send('GET', policy.url)).body.extra_vars).toBe(extra_vars);
  });

  test.each([
    ['rootfs', '{'],
    ['rootfs', '[]'],
    ['rootfs', '"text"'],
    ['rootfs', 'null'],
    ['rootfs', '{"exclude":"*.tmp"}'],
    ['folders', ''],
    ['folders', '{"folders":["relative"]}'],
    ['piped', '{}'],
    ['folders', '{"folders":["/etc"],"exlude":["*.tmp"]}'],
  ])('of a policy of type %s may not be %j', async (policy_type, extra_vars) => {
    const policy = await newPolicy();
    const { status, body } = await send('PATCH', policy.url, { body: { policy_type, extra_vars } });
    expect([status, Object.keys(body)]).toEqual([400, ['extra_vars']]);
  });
});

describe('If-Match', () => {
  test.each(['PATCH', 'PUT', 'DELETE'])('holds back a %s of what has changed since', async (method) => {
    const client = await newClient();
    const change = (headers: Record<string, string>) =>
      send(method, client.url, { headers, ...(method === 'DELETE' ? {} : { body: { hostname: unique() } }) });
    expect((await change({ 'if-match': '"99"' })).status).toBe(412);
    expect((await change({ 'if-match': 'nonsense' })).status).toBe(412);
    const { headers } = await send('GET', client.url);
    expect((await change({ 'if-match': headers.get('etag') ?? '' })).status).toBe(200);
  });
});

describe('an Idempotency-Key', () => {
  test('makes one thing of thirty requests at once, and answers them alike', async () => {
    const headers = { 'idempotency-key': unique() };
    const body = { hostname: `${unique()}.example.com` };
    const answers = await Promise.all(Array.from({ length: 30 }, () => post('clients', body, headers)));
    const made = answers.filter(({ status }) => status === 200);
    expect(made.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect(new Set(made.map((one) => JSON.stringify(one.body))).size).toBe(1);
    expect((await send('GET', `/api/v1/clients/?hostname=${body.hostname}`)).body.count).toBe(1);
    const later = await post('clients', body, headers);
    expect([later.status, later.headers.get('idempotency-replayed'), later.headers.get('location')]).toEqual([
      200,
      'true',
      later.body.url,
    ]);
    expect((await post('clients', { hostname: 'another' }, headers)).status).toBe(409);
  });

  test('remembers no refusal', async () => {
    const headers = { 'idempotency-key': unique() };
    expect((await post('schedules', { name: 's', crontab: 'x' }, headers)).status).toBe(400);
    expect((await post('schedules', { name: 's', crontab: '0 5 * * *' }, headers)).status).toBe(200);
  });
});

test('a change cannot break uniqueness, and names need not be unique', async () => {
  const [a, b] = [await newClient(), await newClient()];
  const taken = await send('PATCH', b.url, { body: { hostname: a.hostname } });
  expect([taken.status, Object.keys(taken.body)]).toEqual([400, ['hostname']]);
  expect((await send('PATCH', b.url, { body: { hostname: a.hostname, port: 2222 } })).status).toBe(200);
  const email = `${unique()}@example.com`;
  await create('users', { email, password: 'a long password' });
  const { status, body } = await post('users', { email: email.toUpperCase(), password: 'a long password' });
  expect([status, Object.keys(body)]).toEqual([400, ['email']]);
  const name = unique();
  for (const path of ['/srv/a', '/srv/b']) await create('repositories', { name, path });
});

test('the OpenAPI document describes all that was answered', async () => {
  expect(await violationsSoFar(server)).toEqual([]);
});
