import { POLICY_DEFAULTS } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
const asked: string[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
  const { insert, deps, services } = gateway;
  await insert('inventory.clients', { id: 1, hostname: 'web', port: 22 });
  await insert('inventory.schedules', { id: 1, name: 's', crontab: '0 5 * * *', timezone: 'UTC', blackouts: [] });
  const repository_key = await deps.keys.seal(`repository-${randomUUID()}`, 'k');
  await insert('inventory.repositories', { id: 1, name: 'r', path: '/r', remote_path: 'borg', repository_key });
  const sealed = await deps.keys.seal(`policy-${randomUUID()}`, '');
  const secrets = { extra_vars: sealed, prehook: sealed, posthook: sealed };
  const references = { repository: 1, schedule: 1, clients: [1] };
  const policy = { ...POLICY_DEFAULTS, id: 1, name: 'p', ...references, policy_type: 'rootfs', ...secrets };
  await insert('inventory.policies', policy);
  const kinds = { job_type: 'job', launch_type: 'manual', status: 'running' };
  await insert('scheduler.jobs', { uuid: randomUUID(), id: 1, name: 'j', ...kinds });
  services.onAny(() => ({ uuid: randomUUID(), id: 1, version: 1, position: null }));
  for (const [name, subject] of [
    ['launch', 'scheduler.policy.launch'],
    ['drill', 'scheduler.policy.drill'],
    ['restore', 'scheduler.archive.restore'],
    ['cancel', 'scheduler.job.cancel'],
    ['relaunch', 'scheduler.job.relaunch'],
    ['check', 'scheduler.repository.check'],
  ] as const) {
    services.on(subject, () => {
      asked.push(name);
      return { job: 1, position: '0' };
    });
  }
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('an unknown field', () => {
  test.each([
    ['restore/', 'archive_name, repository, destination,'],
    ['policies/1/launch/', 'extra_vars, verbosity.'],
    ['policies/1/drill/', 'none is expected'],
    ['repositories/1/check/', 'verify_data.'],
    ['jobs/1/cancel/', 'none is expected'],
    ['jobs/1/relaunch/', 'none is expected'],
    ['clients/', 'hostname, ip,'],
    ['tokens/', 'name, scope, expires_at.'],
  ])('refuses POST %s with an unknown field', async (path, known) => {
    const body = { archive_name: 'a', dest_folder: '/x', hostname: 'h', name: 'n', dryrun: true };
    const { status, body: answer } = await gateway.send(`/api/v1/${path}`, { method: 'POST', body });
    expect([status, answer.dryrun]).toEqual([400, [expect.stringContaining(known)]]);
    expect(asked).toEqual([]);
  });

  test('refuses a change with a field of another resource', async () => {
    const { status, body } = await gateway.send('/api/v1/clients/1/', { method: 'PATCH', body: { crontab: '' } });
    expect([status, Object.keys(body)]).toEqual([400, ['crontab']]);
  });
});

test.each(['clients', 'schedules', 'repositories', 'policies', 'users', 'settings'])(
  'what GET %s gave can be sent back',
  async (collection) => {
    const { body } = await gateway.send(`/api/v1/${collection}/1/`);
    for (const method of ['PUT', 'PATCH']) {
      const { status, body: answer } = await gateway.send(`/api/v1/${collection}/1/`, { method, body });
      expect([status, answer.id]).toEqual([200, 1]);
    }
  },
);

test.each([{ folders: ['/srv'] }, '{"folders":["/srv"]}'])(
  'accepts %j as variables of a policy',
  async (extra_vars) => {
    const { status } = await gateway.send('/api/v1/policies/1/', { method: 'PATCH', body: { extra_vars } });
    expect(status).toBe(200);
    const [change] = gateway.services.calls('inventory.policy.change').slice(-1);
    expect(change?.['changes']).toEqual({ extra_vars: '{"folders":["/srv"]}' });
  },
);

test('accepts the published example of a policy’s PATCH, which has fields of a repository', async () => {
  const example = { name: 'Main Repo', path: 'cyborgbackup@backup:/repository', repository_key: '0', ready: true };
  const { status } = await gateway.send('/api/v1/policies/1/', {
    method: 'PATCH',
    body: { ...example, enabled: true },
  });
  expect(status).toBe(200);
  const [change] = gateway.services.calls('inventory.policy.change').slice(-1);
  expect(change?.['changes']).toEqual({ name: 'Main Repo', enabled: true });
});
