import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEndpoints } from '../endpoints.ts';
import type { GatewayDeps } from '../routes/deps.ts';
import {
  ADMIN,
  PASSWORD,
  startTestGateway,
  USER,
  type Answer,
  type SendOptions,
  type TestGateway,
} from '../testing/test-gateway.ts';
import { apiTokenHash } from './authenticate.ts';

const KEY_READ = 'inventory.repository.record-key-read';
const CHANGE_USER = 'inventory.user.change';
const SCOPES = ['read', 'write', 'read write', 'read secrets', 'read data', 'read write secrets data'];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { insert, deps, services } = gateway;
  const [admin] = await gateway.sql('select uuid from inventory.users where email = $1', [ADMIN]);
  for (const [index, scope] of SCOPES.entries()) {
    const token = { id: index + 1, user_uuid: admin.uuid, scope, token_hash: apiTokenHash(scope.replaceAll(' ', '-')) };
    await insert('inventory.api_tokens', { ...token, last_used: new Date().toISOString() });
  }
  const repository_key = await deps.keys.seal(`repository-${randomUUID()}`, 'the passphrase');
  await insert('inventory.repositories', { id: 1, uuid: randomUUID(), name: 'r', repository_key });
  services.onAny(({ uuid = randomUUID() }) => ({ uuid, id: 1, version: 2, position: '0', line: 'x', public_key: 'y' }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** By a superuser's token with this scope. */
const by = (scope: string, method: string, path: string, body?: object): Promise<Answer> =>
  gateway.send(`/api/v1/${path}`, {
    method,
    as: null,
    headers: { Authorization: `Token ${scope.replaceAll(' ', '-')}` },
    ...(body ? { body } : {}),
  });

describe('a personal token', () => {
  const endpoints = () =>
    createEndpoints({
      deps: { sessions: {} } as GatewayDeps,
      logIn: async () => undefined,
      tokens: {} as never,
      version: '',
      allowedHosts: [],
    });
  const needing = (token: string): readonly string[] =>
    endpoints()
      .filter((endpoint) => endpoint.token === token)
      .map(({ method, path }) => `${method} ${path.replace('/api/v1/', '')}`)
      .sort();

  test('changes no user, key or token, whatever its scope', async () => {
    const never = needing('never');
    expect(never).toEqual([
      'DELETE tokens/:id',
      'DELETE users/:id',
      'PATCH users/:id',
      'POST me/logout_everywhere',
      'POST repositories/:id/generate_ssh',
      'POST settings/generate_ssh',
      'POST tokens',
      'POST users',
      'POST users/:id/logout_everywhere',
      'POST users/:id/password_reset_token',
      'PUT users/:id',
    ]);
    for (const operation of never) {
      const [method = '', path = ''] = operation.split(' ');
      const { status, body } = await by('read write secrets data', method, path.replace(':id', '1'), {});
      expect([operation, status, body]).toEqual([
        operation,
        403,
        { detail: 'No token may do this: log in with email and password.' },
      ]);
    }
    // Nothing that writes users or tokens is missing above.
    const writing = endpoints().filter(({ method, path }) => method !== 'GET' && /\/(users|tokens|me)\b/.test(path));
    expect(writing.filter(({ token }) => token !== 'never')).toEqual([]);
  });

  test('reads secrets and contents with the scope for them only', async () => {
    expect(needing('secrets')).toEqual(['DELETE host_keys/:endpoint', 'GET repositories/:id/escrow', 'POST host_keys']);
    expect(needing('data')).toEqual(['GET archives/:name/download', 'GET catalogs/:id/content', 'POST restore']);
    const statuses = async (method: string, path: string, body?: object): Promise<readonly string[]> => {
      const allowed: string[] = [];
      for (const scope of SCOPES) if ((await by(scope, method, path, body)).status !== 403) allowed.push(scope);
      return allowed;
    };
    expect(await statuses('GET', 'repositories/1/escrow/')).toEqual(['read secrets', 'read write secrets data']);
    expect(await statuses('GET', 'catalogs/1/content/')).toEqual(['read data', 'read write secrets data']);
    expect(await statuses('GET', 'archives/a/download/')).toEqual(['read data', 'read write secrets data']);
    expect(await statuses('POST', 'restore/', {})).toEqual(['read write secrets data']);
    expect(await statuses('GET', 'clients/')).toEqual(SCOPES);
    expect(await statuses('POST', 'clients/', {})).toEqual(['write', 'read write', 'read write secrets data']);
    expect((await by('read write', 'GET', 'repositories/1/escrow/')).body).toEqual({
      detail: 'This token lacks the scope "secrets": make one that has it, or log in.',
    });
  });

  test('changes the settings that guard passphrases with the scope secrets only', async () => {
    const { body } = await gateway.send('/api/v1/settings/?page_size=100');
    const settings: readonly { id: number; key: string }[] = body.results;
    const statusOf = async (scope: string, key: string): Promise<number> => {
      const setting = settings.find((one) => one.key === `cyborgbackup_${key}`);
      return (await by(scope, 'PATCH', `settings/${setting?.id}/`, { value: false })).status;
    };
    for (const key of ['trust_first_contact', 'run_on_repository_host', 'ssh_password']) {
      const statuses = [await statusOf('read write', key), await statusOf('read write secrets data', key)];
      expect([key, ...statuses]).toEqual([key, 403, 200]);
    }
    expect(await statusOf('read write', 'catalog_enabled')).toBe(200);
  });

  test('is shown a passphrase with the scope secrets only, which is recorded each time', async () => {
    const reads = () => gateway.services.calls(KEY_READ).length;
    const before = reads();
    expect((await by('read write', 'GET', 'repositories/1/')).body.repository_key).toBe('$encrypted$');
    expect(reads()).toBe(before);
    expect((await by('read secrets', 'GET', 'repositories/1/')).body.repository_key).toBe('the passphrase');
    expect(reads()).toBe(before + 1);
    const change = (scope: string, body: object) => by(scope, 'PATCH', 'repositories/1/', body);
    expect((await change('read write', { repository_key: 'another passphrase' })).status).toBe(403);
    expect((await change('read write', { repository_key: '$encrypted$', name: 'x' })).status).toBe(200);
    expect((await change('read write secrets data', { repository_key: 'another passphrase' })).status).toBe(200);
  });

  test('reads and writes by default, and its scopes have one order', async () => {
    const made: unknown[] = [];
    gateway.services.on('inventory.api-token.create', async ({ uuid, user, name, scope, token_hash }) => {
      made.push(scope);
      await gateway.insert('inventory.api_tokens', {
        id: 90 + made.length,
        uuid,
        user_uuid: user,
        name,
        scope,
        token_hash,
      });
      return { uuid, id: 90 + made.length, version: 1, position: '0' };
    });
    const create = (more: object) => gateway.send('/api/v1/tokens/', { method: 'POST', body: { name: 'ci', ...more } });
    expect((await create({})).body).toMatchObject({ scope: 'read write' });
    expect((await create({ scope: 'data write data' })).body).toMatchObject({ scope: 'write data' });
    expect(made).toEqual(['read write', 'write data']);
    for (const scope of ['', 'admin', 'read,write', 'read  write', 'READ']) {
      expect([scope, Object.keys((await create({ scope })).body)]).toEqual([scope, ['scope']]);
    }
  });
});

describe('one’s own password', () => {
  const patch = (body: object, options: SendOptions = { as: USER }) =>
    gateway.send('/api/v1/users/2/', { method: 'PATCH', body, ...options });
  const changes = () => gateway.services.calls(CHANGE_USER).length;

  test('is changed with the current one only, which is not handed on', async () => {
    const before = changes();
    const password = 'another passphrase';
    expect((await patch({ password })).body).toEqual({
      current_password: ['Send your current password as well to choose another one.'],
    });
    expect((await patch({ password, current_password: 'a guess' })).body).toEqual({
      current_password: ['This is not your current password.'],
    });
    const put = { method: 'PUT', body: { email: USER, password }, as: USER };
    expect((await gateway.send('/api/v1/users/2/', put)).status).toBe(400);
    expect(changes()).toBe(before);
    expect((await patch({ password, current_password: PASSWORD })).status).toBe(200);
    expect(gateway.services.calls(CHANGE_USER).at(-1)).toEqual({
      uuid: expect.any(String),
      changes: {},
      password_hash: expect.stringMatching(/^\$scrypt\$/),
    });
    expect((await patch({ first_name: 'x' })).status).toBe(200);
  });

  test('is not needed by a superuser who changes that of another user', async () => {
    expect((await patch({ password: 'chosen by a superuser' }, { as: ADMIN })).status).toBe(200);
  });

  test('cannot be guessed there either', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      statuses.push((await patch({ password: 'another passphrase', current_password: `guess ${i}` })).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
  });
});
