import { AppError, hashPassword } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN, basic, PASSWORD, startTestGateway, USER, type TestGateway } from '../testing/test-gateway.ts';
import { apiTokenHash } from './authenticate.ts';

const RECORD_FAILURES = 'inventory.session.record-failures';
const RECORD_RESET = 'inventory.user.record-password-reset';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const sessions = new Map<unknown, { user: unknown; refresh: unknown }>();
  gateway.services.on('inventory.session.open', ({ uuid, user, refresh_id: refresh }) => {
    sessions.set(uuid, { user, refresh });
    return { position: '0' };
  });
  gateway.services.on('inventory.session.refresh', ({ uuid, refresh_id: refresh, next_refresh_id: next }) => {
    const session = sessions.get(uuid);
    if (session?.refresh !== refresh) throw new AppError('unauthenticated', 'This session is over.');
    sessions.set(uuid, { user: session?.user, refresh: next });
    return { user: session?.user, position: '0' };
  });
  gateway.services.on('inventory.api-token.record-use', () => ({ position: null }));
  gateway.services.on(RECORD_FAILURES, () => ({ position: '0' }));
  gateway.services.on(RECORD_RESET, () => ({ position: '0' }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

const me = (authorization: string) =>
  gateway.send('/api/v1/me', { as: null, headers: authorization ? { Authorization: authorization } : {} });

const obtain = (email = ADMIN, password = PASSWORD) =>
  gateway.send('/api/token/obtain/', { method: 'POST', as: null, body: { email, password } });

const claimsOf = (token: string): { exp: number; iat: number; sid: string; jti: string } =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as never;

describe('a request without credentials', () => {
  test('answers 401 with a challenge when there are no credentials', async () => {
    const { status, headers, body } = await me('');
    expect([status, body]).toEqual([401, { detail: 'Authentication credentials were not provided.' }]);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="api"');
  });

  test.each(['Basic', 'Basic !', basic(ADMIN, 'wrong'), basic('nobody@example.com'), 'Bearer x', 'Token x'])(
    'is who sends %s',
    async (authorization) => {
      const { status, headers } = await me(authorization);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBeTruthy();
    },
  );

  test('serves public endpoints without credentials', async () => {
    for (const path of ['/api/', '/api/v1', '/api/v1/ping']) {
      expect((await gateway.send(path, { as: null })).status, path).toBe(200);
    }
  });
});

describe('HTTP Basic', () => {
  test('accepts HTTP Basic with an email in any case', async () => {
    const { body } = await me(basic(ADMIN.toUpperCase()));
    expect(body).toMatchObject({ count: 1, next: null, previous: null, results: [{ email: ADMIN, type: 'user' }] });
  });

  test('does not verify the password of HTTP Basic again for each request', async () => {
    const millisOfTwenty = async (work: () => Promise<unknown>): Promise<number> => {
      const start = performance.now();
      for (let i = 0; i < 20; i += 1) await work();
      return performance.now() - start;
    };
    await me(basic(ADMIN));
    const requests = await millisOfTwenty(async () => expect((await me(basic(ADMIN))).status).toBe(200));
    // Compared with what verifying costs, not with a clock: a busy machine slows down both.
    expect(requests).toBeLessThan(await millisOfTwenty(() => hashPassword(PASSWORD)));
  });

  test('refuses HTTP Basic with the old password at once after a change', async () => {
    const uuid = randomUUID();
    const seal = async (password: string) => gateway.deps.keys.seal(`user-${uuid}`, await hashPassword(password));
    const email = 'changing@example.com';
    await gateway.insert('inventory.users', { id: 50, uuid, email, password_hash: await seal('the first one') });
    expect((await me(basic(email, 'the first one'))).status).toBe(200);
    await gateway.sql('update inventory.users set password_hash = $2, credentials_changed_at = now() where uuid = $1', [
      uuid,
      JSON.stringify(await seal('the second one')),
    ]);
    expect((await me(basic(email, 'the first one'))).status).toBe(401);
    expect((await me(basic(email, 'the second one'))).status).toBe(200);
  });
});

describe('a JSON web token', () => {
  test('issues, accepts and refreshes JSON web tokens', async () => {
    const { status, body } = await obtain();
    expect([status, Object.keys(body).sort()]).toEqual([200, ['access', 'refresh']]);
    const claims = claimsOf(body.access);
    expect(claims).toMatchObject({ user_id: 1, email: ADMIN, first_name: '', last_name: '', token_type: 'access' });
    expect(claims.exp - claims.iat).toBe(3_600);
    expect((await me(`Bearer ${body.access}`)).status).toBe(200);
    expect((await me(`Bearer ${body.refresh}`)).status).toBe(401);

    const refresh = (token: string) =>
      gateway.send('/api/token/refresh/', { method: 'POST', as: null, body: { refresh: token } });
    const next = await refresh(body.refresh);
    expect(next.status).toBe(200);
    expect((await me(`Bearer ${next.body.access}`)).status).toBe(200);
    const reused = await refresh(body.refresh);
    expect([reused.status, reused.body]).toEqual([
      401,
      { detail: 'Token is invalid or expired', code: 'token_not_valid' },
    ]);
    expect((await refresh('x')).status).toBe(401);
  });

  test('refuses an access token of a revoked session or before a change of the password', async () => {
    const { body } = await obtain(USER);
    const claims = claimsOf(body.access);
    const [user] = await gateway.sql('select uuid from inventory.users where email = $1', [USER]);
    const row = { uuid: claims.sid, user_uuid: user.uuid, revoked: true };
    expect((await me(`Bearer ${body.access}`)).status).toBe(200);
    await gateway.insert('inventory.sessions', row);
    expect((await me(`Bearer ${body.access}`)).status).toBe(401);

    const second = await obtain(USER);
    await gateway.sql('update inventory.users set credentials_changed_at = now() where email = $1', [USER]);
    expect((await me(`Bearer ${second.body.access}`)).status).toBe(401);
  });

  test('refuses to issue tokens for wrong or missing credentials with different messages', async () => {
    const wrong = await obtain(ADMIN, 'wrong');
    expect([wrong.status, wrong.body]).toEqual([401, { detail: 'No active account found with the given credentials' }]);
    const missing = await gateway.send('/api/token/obtain/', { method: 'POST', as: null, body: {} });
    expect([missing.status, missing.body]).toEqual([
      400,
      { email: ['This field is required.'], password: ['This field is required.'] },
    ]);
  });
});

describe('logging out everywhere', () => {
  const REVOKE_ALL = 'inventory.session.revoke-all';
  const logOut = (path: string, as?: string) =>
    gateway.send(`/api/v1/${path}/logout_everywhere/`, { method: 'POST', ...(as ? { as } : {}) });

  test('lets users end their own sessions, and superusers those of any user', async () => {
    gateway.services.on(REVOKE_ALL, () => ({ revoked: 3, position: '0' }));
    const users = await gateway.sql('select uuid, id from inventory.users order by id');
    const [admin, user] = users;
    const own = await logOut('me', USER);
    expect([own.status, own.body]).toEqual([200, { revoked: 3 }]);
    expect((await logOut(`users/${user.id}`)).status).toBe(200);
    expect(gateway.services.calls(REVOKE_ALL)).toEqual([{ user: user.uuid }, { user: user.uuid }]);
    expect((await logOut(`users/${admin.id}`, USER)).status).toBe(403);
    expect((await logOut('users/999')).status).toBe(404);
  });
});

describe('a personal token', () => {
  const insert = async (token: string, more: object) => {
    const [user] = await gateway.sql('select uuid from inventory.users where email = $1', [ADMIN]);
    const fields = { user_uuid: user.uuid, token_hash: apiTokenHash(token), scope: 'read', ...more };
    await gateway.insert('inventory.api_tokens', fields);
  };

  test('accepts a personal token until it is revoked or expired, and only reads with the scope read', async () => {
    await insert('reading', { id: 1 });
    await insert('writing', { id: 2, scope: 'write' });
    await insert('revoked', { id: 3, revoked: true });
    await insert('expired', { id: 4, expires_at: '2020-01-01T00:00:00Z' });
    for (const [token, status] of [
      ['reading', 200],
      ['writing', 200],
      ['revoked', 401],
      ['expired', 401],
    ] as const) {
      expect((await me(`Token ${token}`)).status, token).toBe(status);
    }
    const write = (token: string) =>
      gateway.send('/api/v1/clients/', {
        method: 'POST',
        as: null,
        body: {},
        headers: { Authorization: `Token ${token}` },
      });
    expect((await write('reading')).status).toBe(403);
    expect((await write('writing')).status).toBe(400);
  });

  test('records the use of a personal token once an hour', async () => {
    await insert('noted', { id: 5 });
    const before = gateway.services.calls('inventory.api-token.record-use').length;
    for (let i = 0; i < 3; i += 1) await me('Token noted');
    await expect.poll(() => gateway.services.calls('inventory.api-token.record-use').length).toBe(before + 1);
  });

  test('lets every user create personal tokens, which are answered only once', async () => {
    gateway.services.on('inventory.api-token.create', async ({ uuid, user, name, scope, token_hash }) => {
      await gateway.insert('inventory.api_tokens', { id: 77, uuid, user_uuid: user, name, scope, token_hash });
      return { uuid, id: 77, version: 1, position: '0' };
    });
    const body = { name: 'ci', scope: 'write' };
    const created = await gateway.send('/api/v1/tokens/', { method: 'POST', body, as: USER });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ id: 77, name: 'ci', scope: 'write', user: 2, expires_at: null });
    expect((await me(`Token ${created.body.token}`)).body.results[0].email).toBe(USER);
    const list = await gateway.send('/api/v1/tokens/', { as: USER });
    expect(list.body.results).toHaveLength(1);
    expect(JSON.stringify(list.body)).not.toContain(created.body.token);
    const past = await gateway.send('/api/v1/tokens/', {
      method: 'POST',
      body: { name: 'x', expires_at: '2020-01-01T00:00:00+02:00' },
    });
    expect([past.status, past.body]).toEqual([400, { expires_at: ['The expiry must lie in the future.'] }]);
  });
});

describe('an ordinary user', () => {
  test('lets an ordinary user read everything and change only themselves', async () => {
    gateway.services.on('inventory.user.change', ({ uuid }) => ({ uuid, id: 2, version: 2, position: null }));
    expect((await gateway.send('/api/v1/users/1/', { as: USER })).status).toBe(200);
    const patch = (id: number, body: object) =>
      gateway.send(`/api/v1/users/${id}/`, { method: 'PATCH', body, as: USER });
    expect((await patch(1, { first_name: 'x' })).status).toBe(403);
    expect((await patch(2, { is_superuser: true })).status).toBe(403);
    const ownPassword = { first_name: 'x', password: 'a new passphrase', current_password: PASSWORD };
    expect((await patch(2, ownPassword)).status).toBe(200);
    expect(gateway.services.calls('inventory.user.change').at(-1)).toMatchObject({
      changes: { first_name: 'x' },
      password_hash: expect.stringMatching(/^\$scrypt\$/),
    });
    expect((await patch(2, { password: '12345678' })).body).toEqual({
      password: ['This password is entirely numeric.'],
    });
    expect((await gateway.send('/api/v1/users/', { method: 'POST', body: {}, as: USER })).status).toBe(403);
  });
});

describe('a password reset', () => {
  test('answers a password reset alike for unknown accounts, and accepts a superuser’s token once', async () => {
    const post = (path: string, body: object, as: string | null = null) =>
      gateway.send(path, { method: 'POST', body, as });
    for (const email of [ADMIN, 'nobody@example.com']) {
      expect((await post('/api/password_reset/', { email })).body).toEqual({ status: 'OK' });
    }
    const { status, body } = await post('/api/v1/users/2/password_reset_token/', {}, ADMIN);
    expect(status).toBe(201);
    const { token } = body;
    const [user] = await gateway.sql('select uuid from inventory.users where id = 2');
    const { jti } = claimsOf(token);
    expect(gateway.services.calls(RECORD_RESET)).toEqual([
      { user: user.uuid, token: jti, expires_at: body.expires_at },
    ]);
    expect((await post('/api/password_reset/validate_token/', { token })).status).toBe(200);
    expect((await post('/api/password_reset/validate_token/', { token: 'x' })).status).toBe(404);
    expect((await post('/api/password_reset/confirm/', { token, password: 'short' })).body).toHaveProperty('password');
    expect((await post('/api/password_reset/confirm/', { token, password: 'long enough now' })).status).toBe(200);
    expect(gateway.services.calls('inventory.user.change').at(-1)).toMatchObject({ uuid: user.uuid, reset_token: jti });
    await gateway.sql('update inventory.users set credentials_changed_at = clock_timestamp() where id = 2');
    expect((await post('/api/password_reset/confirm/', { token, password: 'another one then' })).status).toBe(404);
  });
});

describe('after too many failures', () => {
  test('locks log-ins of an email from one address after too many failures, and not others', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 7; i += 1) statuses.push((await obtain('guess@example.com', 'x')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const closed = await obtain('guess@example.com', 'x');
    expect(Number(closed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await me(basic('guess@example.com', 'x'))).status).toBe(429);
    expect((await obtain()).status).toBe(200);
  });

  test('records failed log-ins, of which nothing but the account is told', async () => {
    const [user] = await gateway.sql('select uuid from inventory.users where email = $1', [USER]);
    const before = gateway.services.calls(RECORD_FAILURES).length;
    expect((await obtain(USER, 'wrong')).status).toBe(401);
    expect((await me(basic('nobody-at-all@example.com', 'x'))).status).toBe(401);
    await expect
      .poll(() => gateway.services.calls(RECORD_FAILURES).slice(before))
      .toEqual([
        { user: user.uuid, failures: 1 },
        { user: null, failures: 1 },
      ]);
  });
});
