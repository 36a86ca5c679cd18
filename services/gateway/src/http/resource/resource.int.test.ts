import { AppError } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STAMP, startTestGateway, USER, type TestGateway } from '../../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => void (gateway = await startTestGateway()));
afterAll(() => gateway[Symbol.asyncDispose]());

const REGISTER = 'inventory.client.register';
const CHANGE = 'inventory.client.change';
const REMOVE = 'inventory.client.remove';
let nextId = 100;

/** Plays inventory and its projection: what a command says is in the table before it is answered. */
const playInventory = (): void => {
  gateway.services.on(REGISTER, async ({ uuid, command_id: _command, ...fields }) => {
    const id = (nextId += 1);
    await gateway.insert('inventory.clients', { ...fields, id, uuid, created: STAMP, modified: STAMP, revision: 1 });
    return { uuid, id, version: 1, position: '0' };
  });
  gateway.services.on(CHANGE, async ({ uuid, changes }) => {
    const { hostname } = changes as { hostname?: string };
    const [row] = await gateway.sql(
      'update inventory.clients set hostname = coalesce($2, hostname), revision = revision + 1 where uuid = $1 returning id, revision',
      [uuid, hostname],
    );
    return { uuid, id: row.id, version: row.revision, position: '0' };
  });
  gateway.services.on(REMOVE, async ({ uuid }) => {
    const [row] = await gateway.sql('delete from inventory.clients where uuid = $1 returning id', [uuid]);
    return { uuid, id: row.id, version: 9, position: null };
  });
};

const create = async (body: object = { hostname: 'lab.example.com' }, headers: Record<string, string> = {}) =>
  gateway.send('/api/v1/clients/', { method: 'POST', body, headers });

describe('a resource', () => {
  beforeAll(playInventory);

  test('creates a client with defaults, answered as in the contract', async () => {
    const { status, headers, body } = await create();
    expect(status).toBe(200);
    expect(headers.get('location')).toBe(`/api/v1/clients/${body.id}/`);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'client',
      url: `/api/v1/clients/${body.id}/`,
      related: {},
      summary_fields: {},
      created: STAMP,
      modified: STAMP,
      created_by: null,
      modified_by: null,
      host_key: null,
      hostname: 'lab.example.com',
      ip: '',
      version: '',
      ready: false,
      hypervisor_ready: false,
      hypervisor_name: '',
      enabled: true,
      port: 22,
      bandwidth_limit: null,
      mark_as_to_update: false,
      behind_firewall: false,
      can_be_updated: false,
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(gateway.services.calls(REGISTER).at(-1)).toMatchObject({ uuid: body.uuid, port: 22, ip: '' });
  });

  test('coerces the fields of a client as the original did', async () => {
    const { body } = await create({ hostname: '  h ', port: '2222', enabled: 'off', ip: null });
    expect(body).toMatchObject({ hostname: 'h', port: 2222, enabled: false, ip: '' });
  });

  test('names all wrong fields of a client at once', async () => {
    const { status, body } = await create({ port: 'x', enabled: null, hypervisor_name: 'x'.repeat(1025) });
    expect(status).toBe(400);
    expect(body).toEqual({
      hostname: ['This field is required.'],
      port: ['A valid integer is required.'],
      enabled: ['This field may not be null.'],
      hypervisor_name: ['Ensure this field has no more than 1024 characters.'],
    });
  });

  test('answers errors of the service by the name of the field', async () => {
    gateway.services.on(CHANGE, () => {
      throw new AppError('validation', 'x', { fields: { 'changes.hostname': ['Not like this.'] } });
    });
    const { body: client } = await create();
    const answer = await gateway.send(client.url, { method: 'PATCH', body: { hostname: 'x' } });
    expect([answer.status, answer.body]).toEqual([400, { hostname: ['Not like this.'] }]);
    playInventory();
  });

  test('changes a client by PATCH and PUT and obeys If-Match', async () => {
    const { body: client } = await create();
    const patched = await gateway.send(client.url, { method: 'PATCH', body: { hostname: 'b' } });
    expect([patched.status, patched.body.hostname, patched.headers.get('etag')]).toEqual([200, 'b', '"2"']);
    expect(gateway.services.calls(CHANGE).at(-1)).toEqual({ uuid: client.uuid, changes: { hostname: 'b' } });

    const headers = { 'If-Match': '"1"' };
    const stale = await gateway.send(client.url, { method: 'PATCH', body: { hostname: 'c' }, headers });
    expect(stale.status).toBe(412);

    const fresh = { 'If-Match': 'W/"7", "2"' };
    const put = await gateway.send(client.url, { method: 'PUT', body: { hostname: 'c' }, headers: fresh });
    expect([put.status, put.body.hostname]).toEqual([200, 'c']);
    expect(gateway.services.calls(CHANGE).at(-1)).toMatchObject({ expected_version: 2, changes: { port: 22, ip: '' } });
  });

  test('answers a deleted client once more, then 404', async () => {
    const { body: client } = await create();
    const { status, body } = await gateway.send(client.url, { method: 'DELETE' });
    expect([status, body]).toEqual([200, client]);
    const gone = await gateway.send(client.url);
    expect([gone.status, gone.body]).toEqual([404, { detail: 'No Client matches the given query.' }]);
  });

  test('answers 409 with the users of a client that is in use', async () => {
    const { body: client } = await create();
    gateway.services.on(REMOVE, () => {
      throw new AppError('conflict', 'It is in use.', { details: { policies: [{ id: 1, name: 'p' }] } });
    });
    const { status, body } = await gateway.send(client.url, { method: 'DELETE' });
    expect([status, body]).toEqual([409, { detail: 'It is in use.', policies: [{ id: 1, name: 'p' }] }]);
    playInventory();
  });

  test('lists clients with their policies and authors in two queries', async () => {
    const [admin] = await gateway.sql("select uuid from inventory.users where email = 'admin@example.com'");
    await gateway.insert('inventory.clients', {
      id: 7,
      hostname: 'x',
      created_by: admin.uuid,
      modified_by: randomUUID(),
    });
    await gateway.insert('inventory.policies', { id: 5, name: 'Etc', clients: [7] });
    const { body } = await gateway.send('/api/v1/clients/7');
    expect(body).toMatchObject({ created_by: 1, modified_by: null, related: { created_by: '/api/v1/users/1/' } });
    expect(body.summary_fields).toEqual({
      created_by: { id: 1, email: 'admin@example.com', first_name: '', last_name: '' },
      policies: [{ id: 5, name: 'Etc' }],
    });
    const list = await gateway.send('/api/v1/clients/?page_size=2&page=2');
    expect(list.body).toMatchObject({
      next: '/api/v1/clients/?page=3&page_size=2',
      previous: '/api/v1/clients/?page=1&page_size=2',
    });
    expect(list.body.results).toHaveLength(2);
    expect((await gateway.send('/api/v1/clients/?page=999')).body).toEqual({ detail: 'Invalid page.' });
  });
});

describe('an Idempotency-Key', () => {
  beforeAll(playInventory);

  test('answers a repeated Idempotency-Key without repeating the work', async () => {
    const headers = { 'Idempotency-Key': 'key-1' };
    const before = gateway.services.calls(REGISTER).length;
    const first = await create({ hostname: 'once' }, headers);
    const second = await create({ hostname: 'once' }, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(gateway.services.calls(REGISTER)).toHaveLength(before + 1);

    const other = await create({ hostname: 'twice' }, headers);
    expect(other.status).toBe(409);
  });

  test('frees an Idempotency-Key after a failure, and creates the same uuids again', async () => {
    const headers = { 'Idempotency-Key': 'key-2' };
    gateway.services.on(REGISTER, () => {
      throw new AppError('unavailable', 'Away.');
    });
    const failed = await create({ hostname: 'retry' }, headers);
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1']);
    playInventory();
    expect((await create({ hostname: 'retry' }, headers)).status).toBe(200);
    const [a, b] = gateway.services.calls(REGISTER).slice(-2);
    expect(a).toEqual(b);
  });

  test('accepts an Idempotency-Key for a corrected request after a refusal', async () => {
    const headers = { 'Idempotency-Key': 'key-4' };
    expect((await create({ port: 1 }, headers)).status).toBe(400);
    expect((await create({ hostname: 'mended' }, headers)).status).toBe(200);
  });

  test('takes over an abandoned Idempotency-Key after a minute, and forgets it after a day', async () => {
    const headers = { 'Idempotency-Key': 'key-5' };
    const { body } = await create({ hostname: 'died' }, headers);
    const [{ id }] = (await gateway.sql('select id from gateway.idempotency_keys order by created desc limit 1')) as [
      { id: string },
    ];
    const age = (interval: string) =>
      gateway.sql(
        `update gateway.idempotency_keys set answer = null, taken = taken - $1::interval, created = created - $1::interval
          where id = $2`,
        [interval, id],
      );
    await age('1 second');
    expect((await create({ hostname: 'died' }, headers)).status).toBe(409);
    await age('1 minute');
    await gateway.sql('delete from inventory.clients where id = $1', [body.id]);
    const again = await create({ hostname: 'died' }, headers);
    expect(again.body.uuid).toBe(body.uuid);
    await age('1 day');
    const anew = await create({ hostname: 'another' }, headers);
    expect(anew.status).toBe(200);
    expect(anew.body.uuid).not.toBe(body.uuid);
  });

  test('separates Idempotency-Keys by caller and serves one request of a key at a time', async () => {
    const headers = { 'Idempotency-Key': 'key-3' };
    const all = await Promise.all([create({ hostname: 'par' }, headers), create({ hostname: 'par' }, headers)]);
    const statuses = all.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect([200, 409]).toContain(statuses[1]);
    const denied = await gateway.send('/api/v1/clients/', { method: 'POST', body: {}, headers, as: USER });
    expect(denied.status).toBe(403);
  });
});
