import { AppError, fieldError } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, USER, type Answer, type SendOptions, type TestGateway } from '../../testing/test-gateway.ts';

const UUID = randomUUID();
const KEY = 'BORG_KEY abcdef\nhqlhbGdvcml0aG2m';
const PUBLIC_KEY = 'ssh-ed25519 AAAA cyborgbackup-repository-1';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
  const { insert, deps, services } = gateway;
  const more = { enabled: true, own_key: true, public_key: PUBLIC_KEY };
  const escrow = { escrow_borg_id: 'ab', escrow_key: await deps.keys.seal(`repository-${UUID}`, KEY) };
  await insert('inventory.repositories', { id: 1, uuid: UUID, name: 'Main', path: 'borg@nas:b', ...more, ...escrow });
  await insert('inventory.repositories', { id: 2, name: 'New', path: '/srv/b', enabled: true });
  await insert('scheduler.jobs', {
    ...{ id: 10, uuid: randomUUID(), name: 'Check Repository Main', run: randomUUID() },
    ...{ job_type: 'check', launch_type: 'manual', status: 'new' },
  });
  const written = { uuid: UUID, id: 1, version: 2, position: '0' };
  for (const action of ['generate-ssh', 'record-escrow-read', 'record-key-read'])
    services.on(`inventory.repository.${action}`, () => written);
  services.on('inventory.repository.describe-authorized-key', ({ append_only, storage_quota }) => {
    if (storage_quota === 'much') throw fieldError('storage_quota', 'Write a number and a unit.');
    const limits = [append_only, storage_quota].map(String).join(' ');
    return { public_key: PUBLIC_KEY, line: `command="… ${limits}",restrict ${PUBLIC_KEY}` };
  });
  services.on('scheduler.repository.check', () => ({ job: 10, position: '0' }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

const send = (path: string, options?: SendOptions): Promise<Answer> =>
  gateway.send(`/api/v1/repositories/${path}`, options);

test('tells whether a repository has its own key and an escrow copy', async () => {
  expect((await send('1/', { as: USER })).body).toMatchObject({ own_key: true, escrowed: true, check_schedule: null });
  expect((await send('2/', { as: USER })).body).toMatchObject({ own_key: false, escrowed: false });
  const { body } = await send('?escrowed=true');
  expect(body).toMatchObject({ count: 1, results: [{ id: 1 }] });
});

test.each(['', 'borg serve', '-borg', 'borg;id', '$(id)', 'a'.repeat(256)])(
  'refuses %j as the program that serves a repository',
  async (remote_path) => {
    const body = { name: 'Rented', path: 'u1@box:b', remote_path };
    const answer = await send('', { method: 'POST', body });
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['remote_path']]);
  },
);

describe('the line for authorized_keys', () => {
  test('answers the line for authorized_keys with the requested limits', async () => {
    const { status, body } = await send('1/authorized_keys/?append_only=true&storage_quota=500G');
    expect([status, body]).toEqual([
      200,
      { public_key: PUBLIC_KEY, line: expect.stringContaining('true 500G",restrict ssh-ed25519') },
    ]);
    expect((await send('1/authorized_keys/')).body.line).toContain('false null"');
  });

  test('refuses invalid limits of the line for authorized_keys', async () => {
    const quota = await send('1/authorized_keys/?storage_quota=much');
    expect([quota.status, quota.body]).toEqual([400, { storage_quota: ['Write a number and a unit.'] }]);
    const flag = await send('1/authorized_keys/?append_only=perhaps');
    expect([flag.status, Object.keys(flag.body)]).toEqual([400, ['append_only']]);
  });
});

test('generates a new key pair of a repository', async () => {
  const { status, body } = await send('1/generate_ssh/', { method: 'POST' });
  expect([status, body]).toEqual([201, { public_key: PUBLIC_KEY }]);
  expect(gateway.services.calls('inventory.repository.generate-ssh')).toEqual([{ uuid: UUID }]);
});

describe('the escrow copy', () => {
  const READ = 'inventory.repository.record-escrow-read';

  test('answers the escrow copy as a file after recording it', async () => {
    const { status, body, headers } = await send('1/escrow/');
    expect([status, body]).toEqual([200, KEY]);
    expect(headers.get('content-type')).toContain('text/plain');
    expect(headers.get('content-disposition')).toBe('attachment; filename="repository_1.borgkey"');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(gateway.services.calls(READ)).toEqual([{ uuid: UUID }]);
  });

  test('does not answer an escrow copy that is missing or cannot be recorded', async () => {
    gateway.services.on(READ, () => {
      throw new AppError('unavailable', 'The database cannot be reached.');
    });
    const { status, body } = await send('1/escrow/');
    expect([status, body]).toEqual([503, { detail: 'The database cannot be reached.' }]);
    expect((await send('2/escrow/')).status).toBe(404);
  });

  test('does not record a HEAD of the escrow copy as read', async () => {
    const before = gateway.services.calls(READ).length;
    expect((await send('1/escrow/', { method: 'HEAD' })).status).toBe(200);
    expect(gateway.services.calls(READ)).toHaveLength(before);
  });
});

test('starts a check of a repository', async () => {
  const { status, body, headers } = await send('1/check/', { method: 'POST', body: { verify_data: true } });
  expect([status, body.job, headers.get('location')]).toEqual([201, 10, '/api/v1/jobs/10/']);
  await send('1/check/', { method: 'POST' });
  expect(gateway.services.calls('scheduler.repository.check')).toMatchObject([
    { repository: 1, verify_data: true, run: expect.any(String) },
    { repository: 1, verify_data: false },
  ]);
});

test.each([
  ['GET', '1/authorized_keys/'],
  ['POST', '1/generate_ssh/'],
  ['GET', '1/escrow/'],
  ['POST', '1/check/'],
])('allows %s %s to superusers only, and for existing repositories', async (method, path) => {
  expect((await send(path, { method, as: USER })).status).toBe(403);
  expect((await send(path.replace('1', '77'), { method })).status).toBe(404);
});
