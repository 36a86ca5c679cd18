import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertSeries } from '../../testing/catalog-rows.ts';
import { startTestGateway, type Answer, type TestGateway } from '../../testing/test-gateway.ts';

const ODD = Buffer.from([0x6f, 0x64, 0x64, 0xff]);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const archives = [
    { job_uuid: randomUUID(), archive_name: 'a1', sequence: 1, id_base: 1_000 },
    { job_uuid: randomUUID(), archive_name: 'a2', sequence: 2, id_base: 2_000 },
  ];
  for (const { job_uuid: uuid, sequence: id, archive_name: name } of archives) {
    const kinds = { job_type: 'job', launch_type: 'manual', status: 'successful' };
    await gateway.insert('scheduler.jobs', { uuid, id, name, archive_name: name, ...kinds });
  }
  const entries = [{ path: 'etc', type: 'd' }, { path: 'etc/hosts' }, { path: 'etc/gone', to: 1 }, { path: 'etc/odd' }];
  await insertSeries(gateway.insert, 1, archives, entries);
  const bytes = ODD.toString('base64');
  await gateway.sql("update catalog.entry_names set name = E'odd\\uFFFD', raw = $1 where name = 'odd'", [bytes]);
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (path: string): Promise<Answer> => gateway.send(`/api/v1/${path}`);

test.each([
  ['hosts', 2_001],
  ['gone', 1_002],
])('finds %s with the id of its last archive', async (name, id) => {
  const { body } = await get(`search/?name=${name}`);
  expect(body.results).toMatchObject([{ id, url: `/api/v1/catalogs/${id}/`, path: `etc/${name}` }]);
  expect((await get(`catalogs/${id}/`)).body).toMatchObject({ id, path: `etc/${name}` });
});

test.each(['etc/odd%FF', 'etc/odd%EF%BF%BD'])('finds the versions of a name that is not UTF-8 by %s', async (path) => {
  const { body } = await get(`versions/?path=${path}`);
  expect([body.count, body.results]).toEqual([1, [expect.objectContaining({ id: 2_003, path: 'etc/odd\udcff' })]]);
  expect((await get(`versions/?entry=2003`)).body.count).toBe(1);
});

test.each(['9999999999-1-1', '1-2147483648-1', '1-1', 'x'])(
  'refuses the cursor %s, which no page has given',
  async (cursor) => {
    expect((await get(`search/?name=hosts&cursor=${cursor}`)).status).toBe(400);
  },
);
