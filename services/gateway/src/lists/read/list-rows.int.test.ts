import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedLists, type SeededLists } from '../../testing/seeded-lists.ts';

let lists: SeededLists;
beforeAll(async () => {
  lists = await seedLists();
});
afterAll(() => lists[Symbol.asyncDispose]());

const ask: SeededLists['ask'] = (...asked) => lists.ask(...asked);
const ids: SeededLists['ids'] = (...asked) => lists.ids(...asked);
const refusal: SeededLists['refusal'] = (...asked) => lists.refusal(...asked);

/** 1 … n, newest first, where they pass. */
const expected = (n: number, passes: (id: number) => boolean): number[] =>
  Array.from({ length: n }, (_, index) => n - index).filter(passes);

describe('lookups', () => {
  test.each<[string, (n: number) => boolean]>([
    ['id=7', (n) => n === 7],
    ['id__exact=7', (n) => n === 7],
    ['id__in=3,5,900', (n) => n === 3 || n === 5],
    ['id__gt=20', (n) => n > 20],
    ['id__gte=20&id__lt=22', (n) => n === 20 || n === 21],
    ['id__lte=2', (n) => n <= 2],
    ['id__startswith=2', (n) => String(n).startsWith('2')],
    ['hostname=host3.Example.com', (n) => n === 3],
    ['hostname=HOST3.example.com', () => false],
    ['hostname__iexact=HOST3.example.COM', (n) => n === 3],
    ['hostname__contains=Example', (n) => n !== 7],
    ['hostname__contains=EXAMPLE', () => false],
    ['hostname__icontains=EXAMPLE', (n) => n !== 7],
    ['hostname__startswith=host1', (n) => n === 1 || (n >= 10 && n < 20)],
    ['hostname__istartswith=HOST25', (n) => n === 25],
    ['hostname__endswith=.com', (n) => n !== 7],
    ['hostname__iendswith=.COM', (n) => n !== 7],
    ['hostname__regex=^host1[0-2]\\.', (n) => n >= 10 && n <= 12],
    ['hostname__iregex=^HOST1[0-2]\\.', (n) => n >= 10 && n <= 12],
    ['hostname__in=host3.Example.com,host4.Example.com', (n) => n === 3 || n === 4],
    ['hostname__contains=%25', (n) => n === 7],
    ['hostname__contains=_', (n) => n === 7],
    ['hostname__contains=\\', (n) => n === 7],
    ['hostname__startswith=100%25_\\', (n) => n === 7],
    ['ready=true', (n) => n % 2 === 0],
    ['ready=F', (n) => n % 2 === 1],
    ['ready__in=1', (n) => n % 2 === 0],
    ['bandwidth_limit__isnull=1', (n) => n % 4 > 0],
    ['bandwidth_limit__isnull=False', (n) => n % 4 === 0],
    ['bandwidth_limit=null', (n) => n % 4 > 0],
    ['not__bandwidth_limit=none', (n) => n % 4 === 0],
    ['not__bandwidth_limit=400', (n) => n !== 4],
    ['not__bandwidth_limit__gt=400', (n) => !(n % 4 === 0 && n > 4)],
    ['bandwidth_limit__int=0400', (n) => n === 4],
    ['ip__startswith__int=010', () => true],
    ['created=2024-01-01T05:00:00Z', (n) => n === 5],
    ['created__gte=2024-01-02', (n) => n >= 24],
    ['created__lt=2024-01-01 03:00', (n) => n < 3],
    ['created__lte=2024-01-01T05:00:00%2B02:00', (n) => n <= 3],
    ['created__lte=2024-01-01T05:00:00+02:00', (n) => n <= 3],
    ['created_by=1', (n) => n % 3 === 0],
    ['created_by__isnull=true', (n) => n % 3 > 0],
    ['created_by=null', (n) => n % 3 > 0],
    ['created_by__email=user1@example.com', (n) => n % 3 === 0],
    ['not__created_by__email=user1@example.com', (n) => n % 3 > 0],
    ['search=HOST2 example', (n) => n === 2 || (n >= 20 && n !== 7)],
    ['type=client', () => true],
    ['type=job,client', () => true],
    ['type=job', () => false],
    ['id__in=1,2&id__in=2,3', (n) => n === 2],
    ['host_filter=anything&format=json', () => true],
  ])('filters clients by ?%s', async (query, passes) => {
    expect(await ids('clients', query)).toEqual(expected(25, passes));
  });

  test('filters by a uuid and by a number with a fraction', async () => {
    const [row] = (await lists.admin.query<{ uuid: string }>('select uuid from inventory.clients where id = 4')).rows;
    expect(await ids('clients', `uuid=${row?.uuid}`)).toEqual([4]);
    expect((await ids('jobs', 'elapsed__gt=89.5&elapsed__lt=90.5')).length).toBe(295);
  });
});

describe('combinations', () => {
  test.each<[string, (n: number) => boolean]>([
    ['status__in=running,failed', (n) => n > 295 || n % 7 === 0],
    ['or__status=failed&or__status=running', (n) => n > 295 || n % 7 === 0],
    ['or__status=failed&or__status=running&id__gt=290', (n) => n > 290 && (n > 295 || n % 7 === 0)],
    ['or__not__status=successful&or__id=1', (n) => n > 295 || n % 7 === 0 || n === 1],
    ['not__status=successful', (n) => n > 295 || n % 7 === 0],
    ['chain__status=failed&chain__not__job_type=prune', (n) => n % 7 === 0 && n % 3 !== 2 && n <= 295],
    ['finished__isnull=True', (n) => n > 295],
    ['policy=3', (n) => n % 10 > 0 && 1 + (n % 12) === 3],
    ['policy__isnull=true', (n) => n % 10 === 0],
    ['policy__name=Policy 3', (n) => n % 10 > 0 && 1 + (n % 12) === 3],
    ['policy__name__isnull=true', (n) => n % 10 === 0],
    ['policy__repository__name=Repo 2', (n) => n % 10 > 0 && (1 + (n % 12)) % 4 === 1],
    ['policy__repository__created_by__email__startswith=user1', (n) => n % 10 > 0 && (1 + (n % 12)) % 4 === 2],
    ['master_job__status=failed', (n) => n % 3 > 0 && n - (n % 3) > 0 && (n - (n % 3)) % 7 === 0],
    ['policy__search=policy 3', (n) => n % 10 > 0 && 1 + (n % 12) === 3],
    [
      'policy__search=policy 3&policy__repository__search=repo 2',
      (n) => n % 10 > 0 && (1 + (n % 12) === 3 || (1 + (n % 12)) % 4 === 1),
    ],
  ])('combines the filters of jobs ?%s', async (query, passes) => {
    expect(await ids('jobs', query)).toEqual(expected(300, passes));
  });

  test('matches several plain filters on a relation with the same related row', async () => {
    // client 1 + n % 25 has the jobs n, n + 25, …
    const one = (n: number): boolean =>
      Array.from({ length: 300 }, (_, i) => i + 1).some(
        (job) => 1 + (job % 25) === n && job % 7 === 0 && job % 3 === 0 && job <= 295 && job > 200,
      );
    expect(await ids('clients', 'jobs__status=failed&jobs__job_type=job&jobs__id__gt=200')).toEqual(expected(25, one));
    const each = (n: number): boolean =>
      Array.from({ length: 300 }, (_, i) => i + 1).some((job) => 1 + (job % 25) === n && job % 7 === 0 && job <= 295) &&
      Array.from({ length: 300 }, (_, i) => i + 1).some((job) => 1 + (job % 25) === n && job > 290);
    expect(await ids('clients', 'chain__jobs__status=failed&chain__jobs__id__gt=290')).toEqual(expected(25, each));
  });

  test('lists a row once even if several related rows match', async () => {
    expect(await ids('clients', 'jobs__id__gt=0&policies__id__gt=0')).toEqual(expected(25, (n) => n <= 14));
    expect((await ask('clients', 'jobs__id__gt=0&page_size=5')).count).toBe(25);
  });

  test('matches a negated relation when no related row matches', async () => {
    expect(await ids('clients', 'not__policies__name=Policy 3')).toEqual(expected(25, (n) => n < 3 || n > 5));
    expect(await ids('clients', 'policies__isnull=true')).toEqual(expected(25, (n) => n > 14));
  });

  test('follows arrays of ids in both directions', async () => {
    expect(await ids('policies', 'clients=5')).toEqual([5, 4, 3]);
    expect(await ids('policies', 'clients__hostname__startswith=host5')).toEqual([5, 4, 3]);
    expect(await ids('clients', 'policies=5')).toEqual([7, 6, 5]);
    expect(await ids('clients', 'policies__repository__name=Repo 1&id__lte=5')).toEqual([5, 4]);
  });
});

describe('order', () => {
  test('sorts newest first by default, by several columns and by relations', async () => {
    expect((await ids('jobs', '')).slice(0, 3)).toEqual([300, 299, 298]);
    expect((await ids('clients', 'order=id')).slice(0, 3)).toEqual([1, 2, 3]);
    expect((await ids('clients', 'order_by=-port,hostname')).slice(0, 3)).toEqual([10, 15, 20]);
    expect((await ids('policies', 'order=repository__name,-id')).slice(0, 4)).toEqual([12, 8, 4, 9]);
    expect((await ids('clients', 'order=type,-type,id'))[0]).toBe(1);
    expect((await ids('settings', '')).slice(0, 3)).toEqual([2, 3, 11]);
  });

  test('applies the order and scope of a sub-list for any query', async () => {
    const [job] = (await lists.admin.query<{ uuid: string }>('select uuid from scheduler.jobs where id = 3')).rows;
    const scope = { job_uuid: job?.uuid ?? '' };
    const found = await ids('job_events', '', { scope, order: 'counter' });
    expect(found).toHaveLength(20);
    expect(found.slice(0, 3)).toEqual([2, 22, 42]);
    expect(await ids('job_events', 'or__id=1&or__id=2', { scope })).toEqual([2]);
    expect(await ids('job_events', 'job=4', { scope })).toEqual([]);
  });
});

describe('pages', () => {
  test('keeps all parameters in links, sorted by name', async () => {
    const { count, next, previous, rows } = await ask(
      'jobs',
      'status=successful&page_size=10&page=2&id__gt=5&id__lt=200',
    );
    expect(count).toBe(166);
    expect(rows).toHaveLength(10);
    expect(next).toBe('/api/v1/jobs/?id__gt=5&id__lt=200&page=3&page_size=10&status=successful');
    expect(previous).toBe('/api/v1/jobs/?id__gt=5&id__lt=200&page=1&page_size=10&status=successful');
  });

  test('links to the next and previous pages only where they exist', async () => {
    expect(await ask('clients', 'page_size=10')).toMatchObject({
      count: 25,
      previous: null,
      next: '/api/v1/clients/?page=2&page_size=10',
    });
    const last = await ask('clients', 'page_size=10&page=last');
    expect(last.rows.map(({ id }) => id)).toEqual([5, 4, 3, 2, 1]);
    expect(last).toMatchObject({ count: 25, next: null, previous: '/api/v1/clients/?page=2&page_size=10' });
    expect(await ask('clients', 'id=0')).toEqual({ count: 0, next: null, previous: null, rows: [], fields: null });
    expect(await ask('clients', 'id=0&page=last')).toMatchObject({ count: 0, rows: [] });
    expect(await ask('clients', 'page_size=25')).toMatchObject({ count: 25, next: null });
  });

  test.each(['page=0', 'page=4&page_size=10', 'page=x', 'page=-1', 'page=1.5', 'page=', 'page=99999999999999999999'])(
    '%s is a 404',
    async (query) => expect(await refusal('clients', query)).toBe('not-found: Invalid page.'),
  );

  test.each([
    ['page_size=0', 100],
    ['page_size=-5', 100],
    ['page_size=x', 100],
    ['page_size=7', 7],
    ['page_size=100000', 300],
  ])('answers the list of jobs ?%s with %i rows', async (query, length) => {
    expect((await ask('jobs', query)).rows).toHaveLength(length);
  });

  test('lists every row on exactly one page', async () => {
    const seen: number[] = [];
    for (let page = 1; page <= 5; page++)
      seen.push(...(await ask('jobs', `order=status&page_size=60&page=${page}`)).rows.map((r) => r.id));
    expect(new Set(seen).size).toBe(300);
  });

  test('reads the rows of a page by their ids', async () => {
    lists.sent.length = 0;
    const rows = {
      select: 't.id, t.name, r.name as repository_name',
      from: 'inventory.policies t join inventory.repositories r on r.id = t.repository',
    };
    const page = await ask('policies', 'order=-name&page_size=2', { rows });
    expect(page.rows).toEqual([
      { id: 9, name: 'Policy 9', repository_name: 'Repo 2' },
      { id: 8, name: 'Policy 8', repository_name: 'Repo 1' },
    ]);
    expect(lists.sent).toHaveLength(3);
  });
});

describe('fields', () => {
  test('answers distinct archive names, as the original console requests them', async () => {
    const page = await ask(
      'jobs',
      'fields=archive_name&not__archive_name=&archive_name__isnull=False&order=-archive_name&page_size=10000',
    );
    expect(page.fields).toEqual(['archive_name']);
    expect(page.count).toBe(51);
    expect(page.rows[0]).toEqual({ archive_name: 'archive-9' });
    expect(page.next).toBeNull();
  });

  test('answers several fields, also related ones, sorted by themselves', async () => {
    expect((await ask('policies', 'fields=policy_type,mode_pull')).rows).toEqual([
      { policy_type: 'mysql', mode_pull: false },
      { policy_type: 'rootfs', mode_pull: false },
    ]);
    const { rows, count } = await ask('catalogs', 'fields=job,archive_name&order=-job&page_size=2');
    expect([rows, count]).toEqual([
      [
        { job: 30, archive_name: 'archive-5' },
        { job: 27, archive_name: 'archive-4' },
      ],
      10,
    ]);
  });

  test.each([
    ['fields=name&order=id', "validation: With 'fields', only these can be sorted by, not 'id'"],
    ['fields=repository_key', "validation: Filtering on 'repository_key' is not allowed."],
    ['fields=nothing', "validation: Policy has no field named 'nothing'"],
    ['fields=clients', "validation: 'clients' has several values per Policy"],
  ])('refuses the query ?%s of a list', async (query, message) =>
    expect(await refusal('policies', query)).toBe(message),
  );
});

describe('catalogs, events and settings', () => {
  test('filters catalogs and events by job and by archive name', async () => {
    expect(await ids('catalogs', 'job=3')).toHaveLength(50);
    expect(await ids('catalogs', 'archive_name=archive-5')).toHaveLength(50);
    expect(await ids('catalogs', 'archive_name__startswith=archive-&path=/srv/file30')).toEqual([30]);
    expect(await ids('job_events', 'job=4&order=counter&failed=false')).toHaveLength(20);
    expect(await ids('job_events', 'event=error&stdout__icontains=LINE')).toHaveLength(8);
  });

  test('lists the defaults of settings, and no values of secrets', async () => {
    expect(await ids('settings', '')).toHaveLength(26);
    expect(await ids('settings', 'value=30')).toEqual([6]);
    expect(await ids('settings', 'key__icontains=password&value__isnull=false')).toEqual([]);
    expect(await ids('settings', 'modified__isnull=false&order=id')).toEqual([6, 14]);
  });
});

test('estimates counts beyond the bound, and has pages until the last row', async () => {
  await lists.admin.query(
    `insert into executor.job_events (id, job_uuid, counter, event, stdout, start_line, end_line, created)
     select n, md5('job3')::uuid, n, 'verbose', '', n, n, now() from generate_series(1000, 121000) n`,
  );
  await lists.admin.query('analyze executor.job_events');
  const first = await ask('job_events', 'order=-id');
  expect(first.count).toBeGreaterThan(110_000);
  expect(first.count).toBeLessThan(130_000);
  expect(first.next).toBe('/api/v1/job_events/?order=-id&page=2');
  expect((await ask('job_events', 'order=-id&id__lt=90000&page_size=1')).count).toBe(89_400);
  await lists.admin.query('create index on executor.job_events (job_uuid)');
  lists.sent.length = 0;
  expect((await ask('job_events', 'order=-id&job=299')).count).toBe(0);
  const [text = ''] = lists.sent;
  const plan = await lists.admin.query(`explain ${text.replace('$1::bigint', '299').replace('$2', '101')}`);
  // The job is looked for first: walking the index of ids would read every event there is.
  expect(JSON.stringify(plan.rows)).not.toMatch(/Scan Backward using job_events_pkey/);
  const last = await ask('job_events', 'order=-id&page=last&page_size=1000');
  expect(last).toMatchObject({
    count: 120_401,
    next: null,
    previous: '/api/v1/job_events/?order=-id&page=120&page_size=1000',
  });
  expect(last.rows.at(-1)).toEqual({ id: 1 });
});
