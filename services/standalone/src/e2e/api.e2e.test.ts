import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { recordedViolations } from './testing/openapi-violations.ts';
import { createRecordedFetch } from './testing/recorded-fetch.ts';
import { ADMIN, startWholeProduct, type WholeProduct } from './testing/whole-product.ts';

type Json = ReturnType<typeof JSON.parse>;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

interface Sent {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly as?: { readonly email: string; readonly password: string };
}

let product: WholeProduct;
const recorded = createRecordedFetch(() => product.url);

beforeAll(async () => {
  vi.stubGlobal('fetch', recorded.fetch);
  product = await startWholeProduct();
});
afterAll(() => product?.[Symbol.asyncDispose]());

const send = async (method: string, path: string, { body, headers, as = ADMIN }: Sent = {}): Promise<Answer> => {
  const response = await fetch(`${product.url}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${as.email}:${as.password}`).toString('base64')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
};

const create = async (collection: string, body: object): Promise<Json> => {
  const answer = await send('POST', `/api/v1/${collection}/`, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};

const unique = (): string => randomUUID().slice(0, 8);
const newClient = (): Promise<Json> => create('clients', { hostname: `${unique()}.example.com` });
const newSchedule = (): Promise<Json> => create('schedules', { name: unique(), crontab: '0 5 * * MON *' });
const newRepository = (): Promise<Json> => create('repositories', { name: unique(), path: `borg@backup:/${unique()}` });

const newPolicy = async (more: object = {}): Promise<Json> => {
  const [client, repository, schedule] = await Promise.all([newClient(), newRepository(), newSchedule()]);
  const fields = { name: unique(), policy_type: 'folders', extra_vars: '{"folders":["/etc"]}' };
  return create('policies', {
    ...fields,
    clients: [client.id],
    repository: repository.id,
    schedule: schedule.id,
    ...more,
  });
};

interface LoggedEvent {
  readonly type: string;
  readonly actor: { readonly kind: string };
  readonly correlation: string;
}

/** The types of events whose data holds the uuid, in order, with their actors. */
const eventsOf = async (uuid: string): Promise<readonly LoggedEvent[]> => {
  const { rows } = await product.admin.query<LoggedEvent>(
    `select type, metadata -> 'actor' as actor, metadata ->> 'correlationId' as correlation
       from events.events where data ->> 'uuid' = $1 order by position`,
    [uuid],
  );
  return rows;
};

describe('every resource', () => {
  test.each([
    ['users', { email: `${unique()}@example.com`, password: 'a long password' }, { first_name: 'Ada' }],
    ['clients', { hostname: unique() }, { port: 2222 }],
    ['schedules', { name: 'n', crontab: '*/1 * * * * *' }, { crontab: '0 5 * * MON' }],
    ['repositories', { name: 'n', path: `u@h:/${unique()}` }, { name: 'm' }],
  ])('%s: is created, read, changed, replaced and deleted', async (collection, body, changes) => {
    const made = await create(collection, body);
    const { password: _password, ...shown } = body as Record<string, unknown>;
    expect(made).toMatchObject(shown);
    expect(made).not.toHaveProperty('password');
    const detail = await send('GET', made.url);
    expect(detail.body).toMatchObject({ id: made.id, url: made.url });

    const patched = await send('PATCH', made.url, { body: changes });
    expect([patched.status, patched.body]).toEqual([200, expect.objectContaining(changes)]);
    expect(patched.headers.get('etag')).not.toBe(detail.headers.get('etag'));

    const put = await send('PUT', made.url, { body });
    expect([put.status, put.body.id]).toEqual([200, made.id]);
    const deleted = await send('DELETE', made.url);
    expect([deleted.status, deleted.body.id]).toEqual([200, made.id]);
    expect((await send('GET', made.url)).status).toBe(404);
    expect((await send('DELETE', made.url)).status).toBe(404);
  });

  test('names its author, in the answer and in the log', async () => {
    const headers = { 'X-Request-Id': `request-${unique()}` };
    const { body } = await send('POST', '/api/v1/clients/', { body: { hostname: unique() }, headers });
    expect(body).toMatchObject({ created_by: 1, modified_by: 1, related: { created_by: '/api/v1/users/1/' } });
    const [event] = await eventsOf(body.uuid);
    expect(event).toMatchObject({ actor: { kind: 'user' }, correlation: headers['X-Request-Id'] });
  });

  test('keeps its uuid, and its sizes from whoever sends some', async () => {
    const made = await newRepository();
    const { body } = await send('PATCH', made.url, { body: { original_size: 5, uuid: randomUUID(), ready: true } });
    expect(body).toMatchObject({ original_size: 0, uuid: made.uuid, ready: true });
  });
});

describe('what cannot be', () => {
  test.each([
    ['schedules', { name: 'n', crontab: '61 * * * *' }, 'crontab'],
    ['schedules', { name: 'n', crontab: '* * * * *', timezone: 'Mars/Base' }, 'timezone'],
    ['repositories', { name: 'n', path: 'not a place' }, 'path'],
    ['policies', { name: 'n', repository: 99_999, schedule: 99_999, clients: [99_999] }, 'repository'],
    ['users', { email: 'x', password: 'a long password' }, 'email'],
  ])('%s %j is a 400 about %s', async (collection, body, field) => {
    const answer = await send('POST', `/api/v1/${collection}/`, { body });
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, expect.arrayContaining([field])]);
  });

  test('an unknown id in a policy is named as the original names it', async () => {
    const policy = await newPolicy();
    const { status, body } = await send('PATCH', policy.url, { body: { schedule: 99_999 } });
    expect([status, body]).toEqual([400, { schedule: ['Invalid pk "99999" - object does not exist.'] }]);
  });

  test('variables that are no JSON are a 400', async () => {
    const policy = await newPolicy();
    const { status, body } = await send('PATCH', policy.url, { body: { extra_vars: '{' } });
    expect([status, Object.keys(body)]).toEqual([400, ['extra_vars']]);
  });
});

describe('a conflict', () => {
  test('deleting what policies use is a 409 that names them', async () => {
    const policy = await newPolicy();
    for (const url of [policy.related.schedule, policy.related.repository, `/api/v1/clients/${policy.clients[0]}/`]) {
      const { status, body } = await send('DELETE', url);
      expect(status).toBe(409);
      expect(JSON.stringify(body)).toContain(policy.name);
    }
    expect((await send('DELETE', policy.url)).status).toBe(200);
    expect((await send('DELETE', policy.related.schedule)).status).toBe(200);
  });

  test('deleting or demoting the last superuser is a 409', async () => {
    expect((await send('DELETE', '/api/v1/users/1/')).status).toBe(409);
    expect((await send('PATCH', '/api/v1/users/1/', { body: { is_superuser: false } })).status).toBe(409);
  });
});

describe('fifty requests at once', () => {
  const statusesOf = async (collection: string, body: object): Promise<Record<number, number>> => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send('POST', `/api/v1/${collection}/`, { body })),
    );
    return answers.reduce<Record<number, number>>(
      (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }),
      {},
    );
  };

  test('make one client of one host and port', async () => {
    expect(await statusesOf('clients', { hostname: `${unique()}.example.com` })).toEqual({ 200: 1, 400: 49 });
  });

  test('make one user of one email', async () => {
    const email = `${unique()}@example.com`;
    const counts = await statusesOf('users', { email, password: 'a long password' });
    expect(counts).toEqual({ 200: 1, 400: 49 });
    const again = await send('POST', '/api/v1/users/', { body: { email, password: 'a long password' } });
    expect(again.body).toEqual({ email: ['User with this Email address already exists.'] });
  });
});

describe('If-Match', () => {
  test('lets one of two editors win', async () => {
    const made = await newClient();
    const headers = { 'If-Match': '"1"' };
    const answers = await Promise.all(['a', 'b'].map((ip) => send('PATCH', made.url, { body: { ip }, headers })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test('is not disturbed by somebody who looks at the passphrase', async () => {
    const made = await newRepository();
    const { headers, body } = await send('GET', made.url);
    expect(body.repository_key).toMatch(/^[\w-]{43}$/);
    await send('GET', made.url);
    const etag = { 'If-Match': headers.get('etag') ?? '' };
    expect((await send('PATCH', made.url, { body: { name: 'x' }, headers: etag })).status).toBe(200);
    const types = (await eventsOf(made.uuid)).map(({ type }) => type);
    expect(types.filter((type) => type === 'repository-key-read')).toHaveLength(2);
    const { rows } = await product.admin.query('select 1 from events.events where data::text like $1', [
      `%${body.repository_key}%`,
    ]);
    expect(rows).toHaveLength(0);
  });
});

describe('secrets', () => {
  test('come back as they were when their mask is sent', async () => {
    const secret = { user: 'backup', password: unique() };
    const policy = await newPolicy({ policy_type: 'mysql', extra_vars: JSON.stringify(secret) });
    expect(policy.extra_vars).toContain('$encrypted$');
    expect(policy.extra_vars).not.toContain(secret.password);
    const changed = String(policy.extra_vars).replace('backup', 'other');
    const { status, body } = await send('PATCH', policy.url, { body: { extra_vars: changed } });
    expect([status, body.extra_vars]).toEqual([200, changed]);

    const repository = await newRepository();
    const key = (await send('GET', repository.url)).body.repository_key;
    await send('PATCH', repository.url, { body: { repository_key: '$encrypted$', name: 'x' } });
    expect((await send('GET', repository.url)).body).toMatchObject({ repository_key: key, name: 'x' });
  });
});

describe('users', () => {
  test('lose their tokens and get a fresh one when they change their password', async () => {
    const user = { email: `${unique()}@example.com`, password: 'the first password' };
    const { id } = await create('users', user);
    const { body: tokens } = await send('POST', '/api/token/obtain/', { body: user });
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    const me = (token: string) => send('GET', '/api/v1/me/', bearer(token));
    expect((await me(tokens.access)).body.results[0].id).toBe(id);

    const changed = await send('PATCH', `/api/v1/users/${id}/`, {
      body: { password: 'the second password', current_password: user.password },
      ...bearer(tokens.access),
    });
    expect(changed.status).toBe(200);
    expect((await me(tokens.access)).status).toBe(401);
    expect((await send('POST', '/api/token/refresh/', { body: { refresh: tokens.refresh } })).status).toBe(401);
    expect((await me(changed.headers.get('x-token') ?? '')).status).toBe(200);
    expect((await send('GET', '/api/v1/me/', { as: user })).status).toBe(401);
  });

  test('are logged out when they use a refresh token twice', async () => {
    const { body: first } = await send('POST', '/api/token/obtain/', { body: ADMIN });
    const refresh = (token: string) => send('POST', '/api/token/refresh/', { body: { refresh: token } });
    const second = await refresh(first.refresh);
    expect(second.status).toBe(200);
    expect((await refresh(first.refresh)).status).toBe(401);
    expect((await refresh(second.body.refresh)).status).toBe(401);
    const headers = { authorization: `Bearer ${second.body.access}` };
    await expect.poll(async () => (await send('GET', '/api/v1/me/', { headers })).status).toBe(401);
  });

  test('use a personal token until they revoke it', async () => {
    const { body: token } = await send('POST', '/api/v1/tokens/', { body: { name: 'ci', scope: 'write' } });
    const headers = { authorization: `Token ${token.token}` };
    expect((await send('POST', '/api/v1/clients/', { body: { hostname: unique() }, headers })).status).toBe(200);
    await expect.poll(async () => Boolean((await send('GET', token.url)).body.last_used)).toBe(true);
    expect((await send('DELETE', token.url)).status).toBe(200);
    expect((await send('GET', '/api/v1/me/', { headers })).status).toBe(401);
  });

  test('are given a token for a new password when they forgot theirs', async () => {
    const user = { email: `${unique()}@example.com`, password: 'the first password' };
    const { id } = await create('users', user);
    const { body } = await send('POST', `/api/v1/users/${id}/password_reset_token/`, { body: {} });
    const confirm = (password: string) =>
      send('POST', '/api/password_reset/confirm/', { body: { token: body.token, password } });
    expect((await confirm('another password')).status).toBe(200);
    expect((await confirm('yet another password')).status).toBe(404);
    const as = { email: user.email, password: 'another password' };
    expect((await send('GET', '/api/v1/me/', { as })).status).toBe(200);
  });
});

describe('an Idempotency-Key', () => {
  test('makes one thing of many requests, and shows a token once more', async () => {
    const headers = { 'Idempotency-Key': unique() };
    const body = { name: 'retried', scope: 'read' };
    const first = await send('POST', '/api/v1/tokens/', { body, headers });
    const second = await send('POST', '/api/v1/tokens/', { body, headers });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    const { rows } = await product.admin.query('select 1 from gateway.idempotency_keys where answer::text like $1', [
      `%${first.body.token}%`,
    ]);
    expect(rows).toHaveLength(0);
  });
});

test('a schedule’s change moves its policies’ next run at once', async () => {
  const policy = await newPolicy();
  await send('PATCH', policy.related.schedule, { body: { crontab: '30 6 1 1 * *' } });
  expect((await send('GET', policy.url)).body.next_run).toMatch(/-01-01T06:30:00Z$/);
  await send('PATCH', policy.related.schedule, { body: { enabled: false } });
  expect((await send('GET', policy.url)).body.next_run).toBeNull();
});

test('the public key is there from the first start', async () => {
  const { status, body } = await send('GET', '/api/v1/settings/get_ssh_publickey/');
  expect([status, body]).toEqual([200, expect.stringMatching(/^ssh-ed25519 AAAA/)]);
});

test('all that was answered is as the OpenAPI document describes it', async () => {
  expect(recorded.exchanges.length).toBeGreaterThan(0);
  expect(await recordedViolations(product.url, recorded)).toEqual([]);
});
