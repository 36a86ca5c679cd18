import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApiDescription, violationsSoFar, type DescribedOperation } from '../testing/openapi-violations.ts';
import {
  ADMIN,
  startContractServer,
  type Answer,
  type ContractServer,
  type Json,
  type Sent,
} from '../testing/contract-server.ts';

const USER = { email: 'user@example.com', password: 'the password of a user' };
const SECRETS = {
  passphrase: 'the-passphrase-of-a-repository',
  variable: 'the-password-of-a-database',
  hook: 'the-password-in-a-hook',
  command: 'the-password-in-a-command',
  setting: 'the-password-of-a-mail-server',
};

let server: ContractServer;
let operations: readonly DescribedOperation[];
let userId: number;
/** Of the log before the first request. */
let start: string;

const send = (method: string, path: string, sent?: Sent): Promise<Answer> => server.send(method, path, sent);

const create = async (collection: string, body: object, as = ADMIN): Promise<Json> => {
  const answer = await send('POST', `/api/v1/${collection}/`, { body, as });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
};

const hideSettingSecrets = async (): Promise<void> => {
  const { results } = (await send('GET', '/api/v1/settings/?page_size=1000')).body;
  for (const { id, key } of results) {
    if (/pass|secret/.test(String(key)))
      await send('PATCH', `/api/v1/settings/${id}/`, { body: { value: SECRETS.setting } });
  }
};

beforeAll(async () => {
  server = await startContractServer();
  ({ operations } = await readApiDescription(server));
  const { rows } = await server.admin.query<{ last: string }>('select max(position)::text as last from events.events');
  start = rows[0]?.last ?? '';
  const client = await create('clients', { hostname: 'web.example.com' });
  const schedule = await create('schedules', { name: 's', crontab: '0 5 * * *', enabled: false });
  const place = { name: 'r', path: '/srv/repository', repository_key: SECRETS.passphrase };
  const repository = await create('repositories', place);
  const extra_vars = JSON.stringify({ user: 'backup', password: SECRETS.variable });
  const references = { clients: [client.id], schedule: schedule.id, repository: repository.id };
  const hooks = { prehook: `unlock ${SECRETS.hook}`, posthook: `lock ${SECRETS.hook}` };
  await create('policies', { name: 'p', policy_type: 'mysql', extra_vars, ...hooks, ...references });
  const piped = JSON.stringify({ command: `dump ${SECRETS.command}` });
  await create('policies', { name: 'piped', policy_type: 'piped', extra_vars: piped, ...references });
  await create('tokens', { name: 'of the superuser', scope: 'read' });
  await hideSettingSecrets();
  userId = (await create('users', USER)).id;
});
afterAll(() => server?.[Symbol.asyncDispose]());

const first = ({ path }: DescribedOperation): string => path.replace(/\{\w+\}/, '1');

/** The operations that are forbidden to the sender. The body is enough where it is looked at before the person is. */
const forbiddenTo = async (sent: Sent): Promise<readonly string[]> => {
  const forbidden: string[] = [];
  for (const operation of operations) {
    const body = operation.hasBody ? { body: { email: 'x@example.com' } } : {};
    const { status } = await send(operation.method, first(operation), { ...sent, ...body });
    if (status === 403) forbidden.push(`${operation.method} ${operation.path}`);
  }
  return forbidden;
};

const writes = (): readonly string[] =>
  operations
    .filter(({ method, isPublic }) => method !== 'GET' && !isPublic)
    .map(({ method, path }) => `${method} ${path}`);

/** What hands out keys, or what was backed up. */
const isGuarded = (operation: string): boolean =>
  /^GET .*\/(authorized_keys|escrow|content|download)\/$/.test(operation);

describe('an ordinary user', () => {
  test('may read everything and write nothing, but for themselves and their tokens', async () => {
    const own = ['POST /api/v1/me/logout_everywhere/', 'POST /api/v1/tokens/', 'DELETE /api/v1/tokens/{id}/'];
    const forbidden = await forbiddenTo({ as: USER });
    expect(forbidden.filter((one) => !isGuarded(one))).toEqual(writes().filter((one) => !own.includes(one)));
    expect(forbidden).toContain('GET /api/v1/repositories/{id}/escrow/');
  });

  test('sees no secret, wherever they look', async () => {
    const seen: string[] = [];
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      seen.push(JSON.stringify((await send('GET', first(operation), { as: USER })).body));
    }
    expect(seen.join()).toContain('$encrypted$');
    for (const secret of [...Object.values(SECRETS), '$scrypt$', 'PRIVATE KEY'])
      expect(seen.join()).not.toContain(secret);
    expect(await keyReads()).toBe(0);
  });

  test('changes their own profile and password, and nothing else of people', async () => {
    const change = (id: number, body: object, method = 'PATCH') =>
      send(method, `/api/v1/users/${id}/`, { body, as: USER });
    expect((await change(userId, { first_name: 'Ada', notify_backup_failed: true })).body).toMatchObject({
      first_name: 'Ada',
      notify_backup_failed: true,
    });
    expect((await change(userId, { email: USER.email, last_name: 'L' }, 'PUT')).status).toBe(200);
    expect((await change(userId, { password: '12345678' })).body).toEqual({ password: [expect.any(String)] });
    const password = { password: USER.password, current_password: USER.password };
    expect((await change(userId, password)).status).toBe(200);
    expect((await change(userId, { password: USER.password })).body).toEqual({
      current_password: [expect.any(String)],
    });
    expect((await change(userId, { is_superuser: true })).status).toBe(403);
    expect((await change(userId, { ...USER, is_superuser: true }, 'PUT')).status).toBe(403);
    expect((await change(1, { first_name: 'x' })).status).toBe(403);
    expect((await send('DELETE', `/api/v1/users/${userId}/`, { as: USER })).status).toBe(403);
    expect((await send('GET', '/api/v1/me/', { as: USER })).body.results).toEqual([
      expect.objectContaining({ id: userId, is_superuser: false }),
    ]);
  });

  test('has tokens of their own, and no others', async () => {
    const token = await create('tokens', { name: 'mine', scope: 'write' }, USER);
    const { results } = (await send('GET', '/api/v1/tokens/', { as: USER })).body;
    expect(results).toEqual([expect.objectContaining({ id: token.id, name: 'mine' })]);
    expect(results[0]).not.toHaveProperty('token');
    for (const method of ['GET', 'DELETE']) {
      expect((await send(method, '/api/v1/tokens/1/', { as: USER })).status).toBe(404);
    }
    // A scope widens nothing.
    const headers = { authorization: `Token ${token.token}` };
    expect((await send('POST', '/api/v1/clients/', { body: { hostname: 'x' }, headers })).status).toBe(403);
  });
});

const keyReads = async (): Promise<number> => {
  const { rows } = await server.admin.query("select 1 from events.events where type = 'repository-key-read'");
  return rows.length;
};

describe('a superuser', () => {
  test('sees a passphrase on the repository’s own page only, which is recorded, and no other secret', async () => {
    const before = await keyReads();
    const withPassphrase: string[] = [];
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      const { body } = await send('GET', first(operation));
      const shown = JSON.stringify(body);
      if (shown.includes(SECRETS.passphrase)) withPassphrase.push(operation.path);
      for (const secret of [SECRETS.variable, SECRETS.setting, '$scrypt$', 'PRIVATE KEY']) {
        expect(shown, operation.path).not.toContain(secret);
      }
    }
    expect(withPassphrase).toEqual(['/api/v1/repositories/{id}/']);
    expect(await keyReads()).toBe(before + 1);
    const { rows } = await server.admin.query<{ actor: Json }>(
      `select e.metadata -> 'actor' as actor from events.events e where type = 'repository-key-read'
        order by position desc limit 1`,
    );
    const { rows: admins } = await server.admin.query<{ uuid: string }>(
      'select uuid from inventory.users where id = 1',
    );
    expect(rows[0]?.actor).toEqual({ kind: 'user', id: admins[0]?.uuid });
  });

  test('with a token that may only read does only that', async () => {
    const { token } = await create('tokens', { name: 'reading', scope: 'read' });
    const headers = { authorization: `Token ${token}` };
    const forbidden = await forbiddenTo({ as: null, headers });
    expect(forbidden.filter((one) => !isGuarded(one))).toEqual(writes());
  });

  test('with a token that has expired is not signed in', async () => {
    const expires_at = new Date(Date.now() + 1_000).toISOString();
    const { token } = await create('tokens', { name: 'short', scope: 'write', expires_at });
    const me = () => send('GET', '/api/v1/me/', { as: null, headers: { authorization: `Token ${token}` } });
    await expect.poll(async () => (await me()).status, { timeout: 10_000 }).toBe(401);
    expect((await me()).headers.get('www-authenticate')).toMatch(/^Bearer/);
  });
});

describe('superusers', () => {
  test('are never gone, even when all end one another at the same moment', async () => {
    const others = await Promise.all(
      ['b', 'c', 'd'].map((name) =>
        create('users', { email: `${name}@example.com`, password: 'a long password', is_superuser: true }),
      ),
    );
    const urls = ['/api/v1/users/1/', ...others.map(({ url }) => String(url))];
    const answers = await Promise.all(
      urls.flatMap((url) => [
        send('DELETE', url, { as: ADMIN }),
        send('PATCH', url, { body: { is_superuser: false }, as: ADMIN }),
      ]),
    );
    expect(answers.map(({ status }) => status).filter((status) => ![200, 401, 403, 404, 409].includes(status))).toEqual(
      [],
    );
    const { rows } = await server.admin.query('select 1 from inventory.users where is_superuser');
    expect(rows.length).toBeGreaterThanOrEqual(1);
  });
});

test('every change names the person who made it, and the request', async () => {
  const { rows } = await server.admin.query<{ type: string; kind: string; correlation: string }>(
    `select type, metadata -> 'actor' ->> 'kind' as kind, metadata ->> 'correlationId' as correlation
       from events.events where position > $1::bigint and type ~ '-(registered|changed|removed|created|revoked|key-read)$'`,
    [start],
  );
  expect(new Set(rows.map(({ type }) => type))).toEqual(
    new Set([
      ...['client-registered', 'schedule-registered', 'repository-registered', 'policy-registered', 'user-registered'],
      ...[
        'user-changed',
        'user-password-changed',
        'user-removed',
        'secret-setting-changed',
        'repository-key-read',
        'api-token-created',
      ],
    ]),
  );
  expect(rows.filter(({ kind }) => kind !== 'user')).toEqual([]);
  expect(rows.every(({ correlation }) => /^[0-9a-f-]{36}$/.test(correlation))).toBe(true);
});

test('the OpenAPI document describes all that was answered', async () => {
  expect(await violationsSoFar(server)).toEqual([]);
});
