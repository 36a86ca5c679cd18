import { catalogCommands, NO_RUN_SECRETS, POLICY_DEFAULTS, type CatalogEntry } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { file, line, owner, startCatalogHost, type CatalogHost } from './testing/catalog-host.ts';

let host: CatalogHost;

beforeAll(async () => {
  host = await startCatalogHost();
});

afterAll(() => host?.[Symbol.asyncDispose]());

const shows = async (job: string, entries: readonly CatalogEntry[]): Promise<void> => {
  await host.waitForProjection();
  expect(await host.entriesOf(job)).toEqual(entries.map(line).sort());
};

const newOwner = () => ({ repository: randomUUID(), policy: randomUUID(), client: randomUUID(), machine: '' });

describe('one archive', () => {
  test('shows an archive as it was listed, once the listing is complete', async () => {
    const of = newOwner();
    const job = await host.backUp('a', { owner: of });
    const entries = [
      file('srv', { type: 'd', mode: 'drwxr-xr-x', size: 0 }),
      file('srv/new\nline "quoted" \'too\' \u{1f600}'),
      file('srv/caf\udce9/\udcff', { size: 2 ** 45 }),
      file('srv/caf\ufffd/\ufffd'),
      file('srv/twice'),
      file('srv/twice'),
      file('srv/twice', { size: 7 }),
      file(`srv/${'long/'.repeat(800)}name`),
      file('srv/link', { type: 'l', mode: 'lrwxrwxrwx', target: '../caf\udce9' }),
      file('srv/broken', { healthy: false }),
      file('srv/odd \\ {1,2} NULL', { owner: 'o"\\,{', uid: 2 ** 32, mtime: 1_772_323_199_123_456 }),
    ];
    const listing = await host.begin(job, undefined, of);
    for (const entry of entries) await listing.add(entry);
    await shows(job, []);
    expect(await listing.end()).toEqual({ entries: 11, added: 11, removed: 0 });
    await shows(job, entries);
    const [row] = await host.rows('select entries, complete, healthy from catalog.archives where job_uuid = $1', [job]);
    expect(row).toEqual({ entries: '11', complete: true, healthy: false });
  });
});

describe('the next archive of a series', () => {
  test('adds nothing for the same archive again, and only what changed for the next one', async () => {
    const of = newOwner();
    const first = [file('a/1'), file('a/2', { healthy: false }), file('a/2'), file('b/3')];
    const one = await host.backUp('one', { owner: of });
    await host.list(one, first, of);
    await host.waitForProjection();
    const before = await host.deps.store.head();

    const two = await host.backUp('two', { owner: of });
    await host.list(two, first.toReversed(), of);
    await shows(two, first);
    const { events } = await host.deps.store.readAll({ after: before, limit: 100 });
    expect(events.map(({ type }) => type)).toEqual([
      'job-succeeded',
      'catalog-listing-started',
      'catalog-entries-broken',
      'catalog-listing-completed',
    ]);

    const third = [file('a/1', { size: 2 }), file('a/2'), file('b/3'), file('c/4')];
    const three = await host.backUp('three', { owner: of });
    const listing = await host.begin(three, undefined, of);
    for (const entry of third) await listing.add(entry);
    expect(await listing.end()).toEqual({ entries: 4, added: 2, removed: 2 });
    await shows(three, third);
    await shows(two, first);
    await shows(one, first);
  });
});

describe('a listing that is not the only one', () => {
  test('makes a listing void once another one of its series has begun, and keeps nothing of it', async () => {
    const of = newOwner();
    const one = await host.backUp('one', { owner: of });
    await host.list(one, [file('kept'), file('gone')], of);
    const two = await host.backUp('two', { owner: of });
    const early = await host.begin(two, undefined, of);
    await early.add(file('half'));
    const late = await host.begin(two, undefined, of);
    await late.add(file('kept'));
    await late.add(file('whole'));
    await expect(early.end()).rejects.toThrow(/this one is void/);
    await early.abandon();
    await late.end();
    await shows(two, [file('kept'), file('whole')]);
    await shows(one, [file('kept'), file('gone')]);
    expect(await host.rows(`select from catalog.entry_names where name = 'half'`)).toHaveLength(0);
  });

  test('keeps nothing of a listing that is abandoned after it ended entries', async () => {
    const of = newOwner();
    const one = await host.backUp('one', { owner: of });
    await host.list(one, [file('kept'), file('gone')], of);
    const two = await host.backUp('two', { owner: of });
    const listing = randomUUID();
    const { series, first_number: first } = await host.call(catalogCommands.begin, {
      listing,
      job: two,
      ...of,
    });
    const end = { series, listing, part: 1, from: 0, to: first, seen: '' };
    expect(await host.call(catalogCommands.removeEntries, end)).toEqual({ removed: 2, events: 1 });
    expect(await host.call(catalogCommands.removeEntries, end)).toEqual({ removed: 2, events: 1 });
    await host.waitForProjection();
    expect(await host.call(catalogCommands.removeEntries, end)).toEqual({ removed: 2, events: 1 });
    await shows(one, [file('kept'), file('gone')]);
    await host.call(catalogCommands.abandon, { series, listing });
    const session = await host.begin(two, undefined, of);
    await session.add(file('kept'));
    expect(await session.end()).toEqual({ entries: 1, added: 0, removed: 1 });
    await shows(two, [file('kept')]);
  });

  test('refuses to complete a listing of which parts are missing', async () => {
    const of = newOwner();
    const job = await host.backUp('one', { owner: of });
    const listing = randomUUID();
    const { series } = await host.call(catalogCommands.begin, { listing, job, ...of });
    const complete = { series, listing, job, events: 1, added: 1, entries: 1, unsafe: null };
    await expect(host.call(catalogCommands.complete, complete)).rejects.toThrow(/Parts of this listing are missing/);
  });
});

describe('an archive that goes', () => {
  test('deletes with an archive what no other archive has', async () => {
    const of = newOwner();
    const jobs: string[] = [];
    const lists = [
      [file('always'), file('only-1')],
      [file('always'), file('only-2')],
      [file('always'), file('from-3')],
      [file('always'), file('from-3')],
    ];
    for (const [index, entries] of lists.entries()) {
      const job = await host.backUp(`a-${index}`, { owner: of });
      jobs.push(job);
      await host.list(job, entries, of);
    }
    const forget = (archive: string) =>
      host.call(catalogCommands.removeArchive, { repository: of.repository, archive, reason: 'pruned' });
    const names = async () => {
      await host.waitForProjection();
      const [row] = await host.rows(
        `select array_agg(n.name order by n.name) as names from catalog.entries e join catalog.entry_names n on n.id = e.name_id
          where e.series_id = (select series_id from catalog.archives where job_uuid = $1)`,
        [jobs[3]],
      );
      return row?.['names'];
    };
    await forget('a-1');
    expect(await names()).toEqual(['always', 'from-3', 'only-1']);
    await forget('a-0');
    expect(await names()).toEqual(['always', 'from-3']);
    await shows(jobs[0]!, []);
    await shows(jobs[3]!, lists[3]!);
    await forget('a-3');
    await shows(jobs[2]!, lists[2]!);
    await forget('a-2');
    expect(await names()).toBeNull();
    expect(await forget('a-2')).toEqual({ position: null });

    const again = await host.backUp('again', { owner: of });
    await host.list(again, lists[0]!, of);
    await shows(again, lists[0]!);
  });

  test('refuses to list an archive that was removed, also during the listing', async () => {
    const of = newOwner();
    const job = await host.backUp('here', { owner: of });
    const listing = await host.begin(job, undefined, of);
    await listing.add(file('x'));
    await host.call(catalogCommands.removeArchive, { repository: of.repository, archive: 'here', reason: 'pruned' });
    await expect(listing.end()).rejects.toThrow(/was deleted from its repository/);
    await listing.abandon();
    await shows(job, []);
    await expect(host.begin(job, undefined, of)).rejects.toThrow(/was deleted from its repository/);
  });
});

describe('what a check finds', () => {
  test('shows what a check found for that archive alone, until the next check', async () => {
    const of = newOwner();
    const entries = [file('a/1'), file('a/\udcff')];
    const one = await host.backUp('one', { owner: of });
    const two = await host.backUp('two', { owner: of });
    await host.list(one, entries, of);
    await host.list(two, entries, of);
    const checked_at = '2026-02-01T00:00:00Z';
    const broken_paths = ['a/\udcff', 'not/there'];
    await host.call(catalogCommands.recordFindings, { job: one, archive_healthy: false, broken_paths, checked_at });
    await shows(one, [file('a/1'), file('a/\udcff', { healthy: false })]);
    await shows(two, entries);
    const health = () => host.rows('select healthy from catalog.archives where job_uuid = $1', [one]);
    expect(await health()).toEqual([{ healthy: false }]);
    await host.call(catalogCommands.recordFindings, { job: one, archive_healthy: true, broken_paths: [], checked_at });
    await shows(one, entries);
    expect(await health()).toEqual([{ healthy: true }]);
  });
});

describe('a check that finds nothing', () => {
  test('records a check without findings for the archives that were known when it began', async () => {
    const of = newOwner();
    const [old, gone] = [await host.backUp('old', { owner: of }), await host.backUp('gone', { owner: of })];
    const forget = { repository: of.repository, archive: 'gone', reason: 'pruned' };
    await host.call(catalogCommands.removeArchive, forget);
    const elsewhere = await host.backUp('elsewhere', { owner: newOwner() });
    const known_until = (await host.deps.store.head()).toString();
    const young = await host.backUp('young', { owner: of });
    const end = async (check: object) => {
      const job = randomUUID();
      const none = {
        archive: null,
        repository_sizes: null,
        pruned: [],
        warnings: [],
        client: null,
        machines: [],
        restored: null,
        drill: null,
      };
      const data = { job, attempt: 1, repository: of.repository, ...none, check };
      await host.append(`job-${job}`, { type: 'job-succeeded', data });
      await host.waitForProjection();
      return host.rows('select job_uuid from catalog.archives where job_uuid = any($1) and checked_at is not null', [
        [old, gone, elsewhere, young],
      ]);
    };
    expect(await end({ verified_data: false, damaged: [], known_until })).toEqual([{ job_uuid: old }]);
  });
});

describe('what borg lists', () => {
  test('compares what borg lists with the catalog page by page, and records drift once', async () => {
    const of = newOwner();
    const { repository } = of;
    const jobs = [];
    for (const borgId of ['a', 'b', 'c', 'd']) jobs.push(await host.backUp(`name-${borgId}`, { owner: of, borgId }));
    await host.list(jobs[1]!, [file('x')], of);
    const known_until = (await host.deps.store.head()).toString();
    await host.backUp('young', { owner: of, borgId: 'dd' });
    const archive = (borg_id: string) => ({ name: `name-${borg_id}`, borg_id });
    const reconcile = (after: string, until: string | null, ...archives: { name: string; borg_id: string }[]) =>
      host.call(catalogCommands.reconcile, { repository, known_until, after, until, archives });
    expect(await reconcile('', 'b', archive('a'))).toMatchObject({ vanished: ['name-b'], unknown: [] });
    expect(await reconcile('b', null, archive('c'), archive('foreign'))).toMatchObject({
      vanished: ['name-d'],
      unknown: ['name-foreign'],
    });
    await shows(jobs[1]!, []);
    const nothing = { vanished: [], reappeared: [], unknown: [], position: null };
    expect(await reconcile('', null, archive('a'), archive('c'), archive('foreign'))).toEqual(nothing);
  });
});

describe('an archive that has vanished', () => {
  test('shows a vanished archive again when the repository has it after all, and lists it again', async () => {
    const of = newOwner();
    const entries = [file('a/1'), file('a/2', { healthy: false })];
    const [one, two] = [await host.backUp('one', { owner: of, borgId: 'a' }), await host.backUp('two', { owner: of })];
    await host.list(one, entries, of);
    await host.list(two, entries, of);
    const reconcile = async (...archives: { name: string; borg_id: string }[]) => {
      const known_until = (await host.deps.store.head()).toString();
      const page = { repository: of.repository, known_until, after: '', until: null, archives };
      return host.call(catalogCommands.reconcile, page);
    };
    expect((await reconcile()).vanished.toSorted()).toEqual(['one', 'two']);
    // Another archive of the same name is another one.
    expect(await reconcile({ name: 'two', borg_id: 'other' })).toMatchObject({ reappeared: [], unknown: ['two'] });
    const listed = { name: 'one', borg_id: 'a' };
    expect(await reconcile(listed)).toMatchObject({ vanished: [], reappeared: ['one'], unknown: [] });
    const rows = () =>
      host.rows(
        'select removed, complete, healthy from catalog.archives where job_uuid = any($1) order by borg_id desc',
        [[one, two]],
      );
    await host.waitForProjection();
    expect(await rows()).toContainEqual({ removed: false, complete: false, healthy: false });
    expect(await reconcile(listed)).toMatchObject({ vanished: [], reappeared: [], position: null });
    await host.list(one, entries, of);
    await shows(one, entries);
    await shows(two, []);
    expect((await host.replay()).differences).toEqual([]);
  });
});

describe('an archive that is planned', () => {
  const client = { id: 1, uuid: randomUUID(), hostname: 'h', port: 22, bandwidth_limit: null };
  const job = (job_type: string, more: object = {}) => ({
    ...{ id: 1, uuid: randomUUID(), name: 'n', job_type, launch_type: 'manual', client, needs: [] },
    ...{ archive_name: job_type === 'job' ? 'planned' : null, master_job: null, ...more },
  });
  const policy = { ...POLICY_DEFAULTS, ...{ id: 1, uuid: randomUUID(), name: 'p', policy_type: 'vm' } };

  test('takes policy and machine of an archive from its run, and shows it once it is made', async () => {
    const run = randomUUID();
    const repository = { id: 1, uuid: randomUUID(), name: 'r', path: '/r' };
    const [plain, machines] = [job('job'), job('check', { check: 'machines' })];
    const keeps = { keep_hourly: null, keep_daily: 1, keep_weekly: null, keep_monthly: null, keep_yearly: null };
    const flat = { ...policy, ...keeps, vmprovider: '', mode_pull: false };
    const request = { uuid: run, policy: flat, repository, schedule: null, due_at: null, ...NO_RUN_SECRETS };
    await host.append(`run-${run}`, { type: 'run-requested', data: { ...request, jobs: [plain, machines] } });
    const later = job('job', { machine: { id: '101', name: 'web' } });
    const extension = { ...request, found_by: machines.uuid, requested_by: null, jobs: [later, job('prune')] };
    await host.append(`run-${run}`, { type: 'run-extended', data: extension });
    await host.waitForProjection();
    const rows = () =>
      host.rows(
        `select policy_uuid, repository_uuid, client_uuid, machine, removed, failed from catalog.archives
          where policy_uuid = $1 order by machine`,
        [policy.uuid],
      );
    const known = {
      policy_uuid: policy.uuid,
      repository_uuid: repository.uuid,
      client_uuid: client.uuid,
      failed: false,
    };
    expect(await rows()).toEqual([
      { ...known, machine: '', removed: true },
      { ...known, machine: '101', removed: true },
    ]);
    await host.backUp('made', {
      job: later.uuid,
      owner: { ...owner, repository: repository.uuid, client: client.uuid },
    });
    const sizes = { original_size: 0, compressed_size: 0, deduplicated_size: 0, files: 0, duration: 1 };
    const times = { started_at: '2026-01-01T00:00:00Z', finished_at: '2026-01-01T00:00:00Z' };
    const archive = { name: 'empty', borg_id: 'x', ...sizes, ...times };
    const failure = {
      attempt: 1,
      status: 'failed',
      reason: 'empty',
      exit_code: 0,
      warnings: [],
      restored: null,
      drill: null,
      check: null,
    };
    await host.append(`job-${plain.uuid}`, { type: 'job-failed', data: { job: plain.uuid, ...failure, archive } });
    await host.waitForProjection();
    expect(await rows()).toEqual([
      { ...known, machine: '', removed: false, failed: true },
      { ...known, machine: '101', removed: false },
    ]);
  });
});

test('replays the log to the same rows of the catalog', async () => {
  const { differences, rows } = await host.replay();
  expect(differences).toEqual([]);
  expect(rows).toBeGreaterThan(50);
});
