import { schedulerCommands } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, USER, type Answer, type TestGateway } from '../../testing/test-gateway.ts';

const job = randomUUID();
const [client, other, off] = [randomUUID(), randomUUID(), randomUUID()];
const policy = randomUUID();
const main = { id: 3, uuid: randomUUID(), name: 'Main', path: 'root@backup:/srv/borg' };
const second = { id: 4, uuid: randomUUID(), name: 'Second', path: '/srv/second' };

describe('a restore', () => {
  let gateway: TestGateway;
  let started: number;

  const archive = (archive_name: string, row: Record<string, unknown> = {}): Promise<void> =>
    gateway.insert('catalog.archives', {
      job_uuid: randomUUID(),
      archive_name,
      repository_uuid: main.uuid,
      client_uuid: client,
      policy_uuid: policy,
      ...row,
    });

  beforeAll(async () => {
    gateway = await startTestGateway();
    for (const repository of [main, second]) {
      await gateway.insert('inventory.repositories', { ...repository, repository_key: {} });
    }
    const host = { port: 22, enabled: true };
    await gateway.insert('inventory.clients', { ...host, id: 1, uuid: client, hostname: 'web', bandwidth_limit: 100 });
    await gateway.insert('inventory.clients', { ...host, id: 2, uuid: other, hostname: 'spare' });
    await gateway.insert('inventory.clients', { ...host, id: 5, uuid: off, hostname: 'off', enabled: false });
    for (const id of [6, 7]) await gateway.insert('inventory.clients', { ...host, id, hostname: 'twin' });
    await gateway.insert('inventory.policies', { id: 1, uuid: policy, policy_type: 'folders', extra_vars: {} });
    await archive('nightly', { job_uuid: job, series_id: 1, sequence: 1, complete: true, id_base: 100 });
    await archive('orphan', { client_uuid: randomUUID() });
    await archive('removed', { removed: true });
    for (const { uuid } of [main, second]) await archive('twice', { repository_uuid: uuid });
    await gateway.insert('catalog.entry_names', {
      id: 1,
      name: 'odd\ufffd',
      raw: Buffer.from([0xff]).toString('base64'),
    });
    await gateway.insert('catalog.folders', { series_id: 1, id: 1, path: 'etc/' });
    await gateway.insert('catalog.entry_attributes', { id: 1, mode: '-rw-r--r--', type: '-' });
    const version = {
      series_id: 1,
      number: 5,
      folder_id: 1,
      name_id: 1,
      attributes_id: 1,
      first_archive: 1,
      last_archive: 9,
    };
    await gateway.insert('catalog.entries', version);
    await gateway.insert('scheduler.jobs', { id: 77, uuid: randomUUID(), name: 'Restore Job', job_type: 'restore' });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
  beforeEach(() => {
    gateway.services.on(schedulerCommands.restore.subject, () => ({ job: 77, position: '0' }));
    started = gateway.services.calls(schedulerCommands.restore.subject).length;
  });

  const post = (body: object): Promise<Answer> => gateway.send('/api/v1/restore/', { method: 'POST', body });
  const calls = (): readonly Record<string, unknown>[] =>
    gateway.services.calls(schedulerCommands.restore.subject).slice(started);

  test('restores to the client that was backed up by default', async () => {
    const { status, body, headers } = await post({ archive_name: 'nightly', dest_folder: '/srv/../restored//x/' });
    expect([status, body.job, headers.get('location')]).toEqual([201, 77, '/api/v1/jobs/77/']);
    expect(calls()).toEqual([
      {
        run: expect.any(String),
        backup: job,
        repository: main,
        client: { id: 1, uuid: client, hostname: 'web', port: 22, bandwidth_limit: 100 },
        item: '',
        items: [],
        patterns: [],
        dest_folder: '/restored/x',
        destination: 'client',
        replace: 'always',
        verify: 'sizes',
        numeric_ids: false,
        dry_run: false,
        database: false,
        allow_unsafe: false,
      },
    ]);
  });

  test.each([
    ['its id', 2],
    ['its id as text', '2'],
    ['its host name', 'spare'],
  ])('restores to any client by %s', async (_name, destination) => {
    expect((await post({ archive_name: 'nightly', destination, in_place: true })).status).toBe(201);
    expect(calls()).toMatchObject([{ client: { uuid: other }, dest_folder: '', destination: 'client' }]);
  });

  test('restores to the host of the repository', async () => {
    await post({ archive_name: 'nightly', destination: 'repository', dest_folder: '/restored', repository: 3 });
    expect(calls()).toMatchObject([{ client: null, destination: 'repository', dest_folder: '/restored' }]);
  });

  test('accepts exact paths, patterns, and ids of entries whose names are not Unicode', async () => {
    const body = {
      item: ' etc/blank ',
      items: ['etc/hosts', "it's\nnew"],
      patterns: ['sh:home/**'],
      entries: [105],
      replace: 'keep-both',
      verify: 'contents',
      numeric_ids: true,
      dry_run: 'true',
    };
    expect((await post({ archive_name: 'nightly', dest_folder: '/x', ...body })).status).toBe(201);
    const { entries: _entries, ...rest } = body;
    expect(calls()).toMatchObject([{ ...rest, items: [...body.items, 'etc/\udcff'], dry_run: true }]);
  });

  test('refuses an archive that is not safe, unless its unsafe entries are to be left out', async () => {
    await archive('hostile', { unsafe: '"../x" leaves its folder by "..".' });
    const { status, body } = await post({ archive_name: 'hostile', dest_folder: '/x' });
    expect([status, body.detail]).toEqual([
      409,
      expect.stringMatching(/not safe to restore: "\.\.\/x" leaves.*allow_unsafe/),
    ]);
    expect(calls()).toEqual([]);
    expect((await post({ archive_name: 'hostile', dest_folder: '/x', allow_unsafe: true })).status).toBe(201);
    expect(calls()).toMatchObject([{ allow_unsafe: true }]);
  });

  test('answers the request of a restore with its job', async () => {
    const asked = {
      ...{ item: '', items: ['etc/\udcff'], patterns: ['sh:home/**'], destination: 'client', dest_folder: '/x' },
      ...{
        replace: 'never',
        verify: 'contents',
        numeric_ids: true,
        dry_run: true,
        database: false,
        allow_unsafe: true,
      },
    };
    await gateway.sql('update scheduler.jobs set restore = $1 where id = 77', [JSON.stringify(asked)]);
    const { body } = await post({ archive_name: 'nightly', dest_folder: '/x', dry_run: true });
    expect(body.restore).toEqual(asked);
    expect((await gateway.send('/api/v1/jobs/77/', { as: USER })).body.restore).toEqual(asked);
  });

  test('requires the repository of a restore when several have the archive', async () => {
    const ambiguous = await post({ archive_name: 'twice', dest_folder: '/x' });
    expect([ambiguous.status, ambiguous.body]).toEqual([400, { repository: [expect.stringMatching(/"Main" \(3\)/)] }]);
    await post({ archive_name: 'twice', dest_folder: '/x', repository: 'Second' });
    await post({ archive_name: 'twice', dest_folder: '/x', repository: 3 });
    expect(calls()).toMatchObject([{ repository: second }, { repository: main }]);
  });

  const base = { archive_name: 'nightly', dest_folder: '/x' };
  test.each<[string, object, string, RegExp]>([
    ['no archive', { ...base, archive_name: 'nope' }, 'archive_name', /no archive named "nope"/],
    ['an archive that is gone', { ...base, archive_name: 'removed' }, 'archive_name', /no archive/],
    ['no client', { ...base, destination: 'nowhere' }, 'destination', /no client "nowhere"/],
    ['two clients of one name', { ...base, destination: 'twin' }, 'destination', /give the id/],
    ['a client that is disabled', { ...base, destination: 'off' }, 'destination', /disabled/],
    ['a client that is gone', { ...base, archive_name: 'orphan' }, 'destination', /is gone: name another/],
    ['no folder', { archive_name: 'nightly' }, 'dest_folder', /or in_place/],
    ['a relative folder', { ...base, dest_folder: 'x/y' }, 'dest_folder', /absolute/],
    ['the root as a folder', { ...base, dest_folder: '/x/..' }, 'dest_folder', /say in_place/],
    ['a folder in place', { ...base, in_place: true }, 'dest_folder', /Leave it out/],
    [
      'a path in place on the repository',
      { archive_name: 'nightly', in_place: true, destination: 'repository' },
      'in_place',
      /dest_folder/,
    ],
    ['a pattern without a prefix', { ...base, patterns: ['home/**'] }, 'patterns', /Begin with/],
    ['an entry of nothing', { ...base, entries: [999] }, 'entries', /no catalog entry 999/],
    ['half a character', { ...base, items: ['\ud800'] }, 'items', /./],
    ['another policy', { ...base, replace: 'sometimes' }, 'replace', /./],
    ['too much', { ...base, items: Array<string>(100).fill('x'.repeat(10_000)) }, 'items', /too many/],
    ['files as a dump', { ...base, database: true, confirm: 'nightly' }, 'database', /type folders/],
  ])('refuses a restore for %s', async (_name, body, field, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ [field]: [expect.stringMatching(message)] });
    expect(calls()).toEqual([]);
  });

  test('requires the archive’s name to confirm a restore of a database', async () => {
    await archive('dump', { policy_uuid: null });
    const body = { archive_name: 'dump', database: true };
    expect(await post(body)).toMatchObject({ status: 400, body: { confirm: [expect.stringMatching(/is lost/)] } });
    expect(await post({ ...body, confirm: 'nightly' })).toMatchObject({ status: 400 });
    expect((await post({ ...body, confirm: 'dump' })).status).toBe(201);
    expect(calls()).toMatchObject([{ database: true, dest_folder: '' }]);
  });

  test('allows restores to superusers only, and lists none', async () => {
    expect((await gateway.send('/api/v1/restore/', { method: 'POST', body: base, as: USER })).status).toBe(403);
    expect(await gateway.send('/api/v1/restore/', { as: USER })).toMatchObject({ status: 200, body: [] });
  });
});
