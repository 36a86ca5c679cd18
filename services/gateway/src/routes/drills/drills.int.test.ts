import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, USER, type Answer, type TestGateway } from '../../testing/test-gateway.ts';

describe('restore drills', () => {
  let gateway: TestGateway;
  const clients = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const day = (number: number): string => `2026-01-0${number}T00:00:00Z`;

  const drill = (id: number, client: number, passed: boolean | null, ended: string | null): Promise<void> =>
    gateway.insert('executor.drills', {
      id,
      job: randomUUID(),
      policy_id: 1,
      policy_name: 'Nightly',
      client_id: client,
      client_uuid: clients[client - 1],
      client_hostname: `client${client}`,
      archive_name: `archive${id}`,
      seed: 'seed',
      requested_at: day(1),
      ended_at: ended,
      passed,
      files: 10,
      failed_files: passed === false ? 1 : 0,
      bytes: 123,
      duration: 1.5,
      reason: passed === false ? 'It is not there.' : '',
    });
  const get = (path: string): Promise<Answer> => gateway.send(`/api/v1/drills/${path}`, { as: USER });

  beforeAll(async () => {
    gateway = await startTestGateway();
    for (const [index, uuid] of clients.entries()) {
      await gateway.insert('inventory.clients', { id: index + 1, uuid, hostname: `client${index + 1}`, enabled: true });
    }
    await drill(1, 1, true, day(2));
    await drill(2, 1, false, day(3));
    await drill(3, 2, true, day(4));
    await drill(4, 2, null, null);
    await drill(5, 3, false, day(5));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test('lists drills newest first, with filters', async () => {
    const { body } = await get('');
    expect(body).toMatchObject({ count: 5, results: [{ id: 5 }, { id: 4 }, { id: 3 }, { id: 2 }, { id: 1 }] });
    const failed = await get('?passed=false&client=1&order=id');
    expect(failed.body.results).toMatchObject([{ id: 2, reason: 'It is not there.', failed_files: 1 }]);
    expect((await get('?search=archive3')).body.count).toBe(1);
    expect((await get('?passed__isnull=true')).body.results).toMatchObject([{ id: 4, ended: null }]);
  });

  test('answers a single drill', async () => {
    expect(await get('2/')).toMatchObject({
      status: 200,
      body: {
        id: 2,
        type: 'drill',
        url: '/api/v1/drills/2/',
        related: { job: '/api/v1/jobs/2/', policy: '/api/v1/policies/1/', client: '/api/v1/clients/1/' },
        client_hostname: 'client1',
        archive_name: 'archive2',
        passed: false,
        bytes: 123,
        duration: 1.5,
      },
    });
    expect((await get('99/')).status).toBe(404);
  });

  test('answers the age of the last proof of each client', async () => {
    const { body } = await get('clients/');
    expect(body).toMatchObject({ count: 4, next: null, previous: null });
    expect(body.results).toMatchObject([
      { client: 3, last_proof: null, age: null, drill: null, failing: true },
      { client: 4, hostname: 'client4', last_proof: null, last_failure: null, failing: false },
      { client: 1, drill: 1, failing: true },
      { client: 2, drill: 3, failing: false, enabled: true },
    ]);
    const { last_proof, age } = body.results[3];
    expect(Math.abs(Date.parse(last_proof) + age * 1000 - Date.now())).toBeLessThan(5_000);
    const page = await get('clients/?page=2&page_size=3');
    expect(page.body.results).toMatchObject([{ client: 2 }]);
  });
});
