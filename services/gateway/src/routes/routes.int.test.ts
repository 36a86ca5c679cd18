import { AppError } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSeries } from '../testing/catalog-rows.ts';
import { STAMP, startTestGateway, USER, type SendOptions, type TestGateway } from '../testing/test-gateway.ts';

const BACKUP = randomUUID();
const RUNNING = randomUUID();
const REPOSITORY = randomUUID();
const REKEYED = randomUUID();
const POLICY = randomUUID();
const PASSPHRASE = 'the real passphrase';
const HOOK = 'pg_dump --password=hooked';
const VARIABLES = '{"folders":["/etc"], "password":"secret"}';

let gateway: TestGateway;
const send = (path: string, options?: SendOptions) => gateway.send(`/api/v1${path}`, options);
const post = (path: string, body?: unknown, options: SendOptions = {}) =>
  send(path, { method: 'POST', ...(body === undefined ? {} : { body }), ...options });

beforeAll(async () => {
  gateway = await startTestGateway();
  const { insert, deps, services } = gateway;
  const schedule = { id: 1, name: 'Each Monday', crontab: '0 5 * * MON *', timezone: 'UTC', enabled: true };
  await insert('inventory.schedules', schedule);
  await insert('inventory.repositories', {
    id: 1,
    uuid: REPOSITORY,
    name: 'Main',
    path: 'borg@backup:/repository',
    enabled: true,
    revision: 4,
    repository_key: await deps.keys.seal(`repository-${REPOSITORY}`, PASSPHRASE),
  });
  await insert('inventory.repositories', {
    id: 2,
    uuid: REKEYED,
    name: 'Rekeyed',
    path: 'borg@backup:/other',
    repository_key: await deps.keys.seal(`repository-${REKEYED}`, 'mistyped'),
    previous_key: await deps.keys.seal(`repository-${REKEYED}`, PASSPHRASE),
  });
  await insert('inventory.policies', {
    id: 2,
    uuid: POLICY,
    name: 'Etc',
    policy_type: 'folders',
    clients: [1],
    repository: 1,
    schedule: 1,
    enabled: true,
    extra_vars: await deps.keys.seal(`policy-${POLICY}`, VARIABLES),
    prehook: await deps.keys.seal(`policy-${POLICY}`, HOOK),
    posthook: await deps.keys.seal(`policy-${POLICY}`, ''),
  });
  const job = {
    policy: 2,
    policy_uuid: POLICY,
    policy_name: 'Etc',
    policy_type: 'folders',
    job_type: 'job',
    launch_type: 'manual',
  };
  const recently = new Date(Date.now() - 60_000).toISOString();
  await insert('scheduler.jobs', {
    ...job,
    id: 10,
    uuid: BACKUP,
    name: 'Backup Job Etc web',
    status: 'successful',
    started: recently,
    finished: recently,
    archive_name: 'folders-web-1',
    original_size: 100,
    deduplicated_size: 40,
  });
  await insert('scheduler.jobs', {
    ...job,
    id: 11,
    uuid: RUNNING,
    name: 'Backup Job Etc db',
    status: 'running',
    started: recently,
  });
  for (const [counter, stdout] of ['one', 'two <b>', 'x'.repeat(2_000)].entries()) {
    await insert('executor.job_events', {
      id: counter + 1,
      job_uuid: BACKUP,
      counter: counter + 1,
      event: 'verbose',
      stdout,
      start_line: counter,
      end_line: counter + 1,
    });
  }
  await insertSeries(
    insert,
    1,
    [{ job_uuid: BACKUP, archive_name: 'folders-web-1', sequence: 1, id_base: 1 }],
    ['etc', 'etc/hosts'].map((path) => ({ path, size: 5, group: 'wheel' })),
  );
  services.on('scheduler.policy.launch', () => ({ job: 10, position: '0' }));
  services.on('scheduler.job.relaunch', () => ({ job: 10, position: '0' }));
  services.on('scheduler.job.cancel', () => ({ position: '0' }));
  services.on('inventory.repository.record-key-read', () => ({ uuid: REPOSITORY, id: 1, version: 9, position: '0' }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('a repository’s passphrase', () => {
  const KEY_READ = 'inventory.repository.record-key-read';

  test('shows a passphrase to superusers on the detail after recording it', async () => {
    const { body, headers } = await send('/repositories/1/');
    expect(body).toMatchObject({ repository_key: PASSPHRASE, previous_key: null });
    expect(headers.get('etag')).toBe('"4"');
    expect(gateway.services.calls(KEY_READ)).toEqual([{ uuid: REPOSITORY }]);
  });

  test('shows a replaced passphrase on the detail only', async () => {
    const before = gateway.services.calls(KEY_READ).length;
    const { body } = await send('/repositories/2/');
    expect(body).toMatchObject({ repository_key: 'mistyped', previous_key: PASSPHRASE });
    expect(gateway.services.calls(KEY_READ).slice(before)).toEqual([{ uuid: REKEYED }]);
    const { body: shown } = await send('/repositories/2/', { as: USER });
    expect(shown).toMatchObject({ repository_key: '$encrypted$', previous_key: '$encrypted$' });
  });

  test('masks passphrases everywhere else', async () => {
    const before = gateway.services.calls(KEY_READ).length;
    const answers = [await send('/repositories/'), await send('/repositories/1/', { as: USER })];
    for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(PASSPHRASE);
    expect(answers[1]?.body.repository_key).toBe('$encrypted$');
    expect(gateway.services.calls(KEY_READ)).toHaveLength(before);
  });

  test('does not show a passphrase when that cannot be recorded', async () => {
    gateway.services.on(KEY_READ, () => {
      throw new AppError('unavailable', 'Away.');
    });
    const { status, body } = await send('/repositories/1/');
    expect([status, body]).toEqual([503, { detail: 'Away.' }]);
    gateway.services.on(KEY_READ, () => ({ uuid: REPOSITORY, id: 1, version: 9, position: '0' }));
  });

  test('generates a missing passphrase, and keeps it when the mask is sent', async () => {
    const written = { uuid: REPOSITORY, id: 1, version: 4, position: null };
    gateway.services.on('inventory.repository.register', () => written);
    gateway.services.on('inventory.repository.change', () => written);
    await post('/repositories/', { name: 'n', path: '/r' });
    await post('/repositories/', { name: 'n', path: '/r' });
    const [a, b] = gateway.services
      .calls('inventory.repository.register')
      .map((call) => String(call['repository_key']));
    expect(a).toMatch(/^[\w-]{43}$/);
    expect(a).not.toBe(b);
    const change = async (method: string, body: object) => {
      await send('/repositories/1/', { method, body });
      return gateway.services.calls('inventory.repository.change').at(-1)?.['changes'];
    };
    expect(await change('PATCH', { name: 'x', repository_key: '$encrypted$' })).toEqual({ name: 'x' });
    expect(await change('PATCH', { repository_key: 'new' })).toEqual({ repository_key: 'new' });
    expect(await change('PUT', { name: 'x', path: '/r' })).not.toHaveProperty('repository_key');
    expect((await post('/repositories/', { name: 'n', path: '/r', repository_key: '$encrypted$' })).status).toBe(400);
  });
});

describe('a policy', () => {
  test('masks passwords in a policy’s variables and tells its next run', async () => {
    const { body } = await send('/policies/2/');
    expect(body.extra_vars).toBe('{"folders":["/etc"], "password":"$encrypted$"}');
    expect([body.prehook, body.posthook]).toEqual([HOOK, '']);
    expect((await send('/policies/2/', { as: USER })).body).toMatchObject({ prehook: '$encrypted$', posthook: '' });
    expect((await send('/policies/?fields=prehook', { as: USER })).status).toBe(400);
    expect(new Date(body.next_run).getUTCDay()).toBe(1);
    expect(body.next_run).toMatch(/T05:00:00Z$/);
    expect(body.summary_fields).toEqual({
      repository: { id: 1, name: 'Main', path: 'borg@backup:/repository', enabled: true },
      schedule: { id: 1, name: 'Each Monday', crontab: '0 5 * * MON *', enabled: true },
    });
  });

  test('answers the occurrences of a policy in a month', async () => {
    expect((await send('/policies/2/calendar/?month=2024-06')).body).toEqual([
      '2024-06-03T05:00:00+00:00',
      '2024-06-10T05:00:00+00:00',
      '2024-06-17T05:00:00+00:00',
      '2024-06-24T05:00:00+00:00',
    ]);
    expect((await send('/policies/2/calendar')).body.length).toBeGreaterThan(3);
    expect((await send('/policies/2/calendar/?month=x')).status).toBe(400);
    expect((await send('/policies/3/calendar/')).body).toEqual({ detail: 'No Policy matches the given query.' });
  });

  test('gives a launch time for thousands of clients', async () => {
    const subscription = gateway.deps.connection.nats.subscribe('scheduler.policy.launch', { max: 1 });
    const heard = (async () => {
      for await (const { headers } of subscription) return Number(headers?.get('Cyborgbackup-Deadline-Millis'));
      return 0;
    })();
    await gateway.deps.connection.nats.flush();
    expect((await post('/policies/2/launch/')).status).toBe(200);
    expect(await heard).toBeGreaterThan(20_000);
  });

  test('launches a policy with and without other variables', async () => {
    const { status, body, headers } = await post('/policies/2/launch/');
    expect([status, headers.get('location')]).toEqual([200, '/api/v1/jobs/10/']);
    expect(body).toMatchObject({ job: 10, id: 10, type: 'job', name: 'Backup Job Etc web' });
    await post('/policies/2/launch/', { extra_vars: { folders: ['/srv'] } });
    await post('/policies/2/launch/', { extra_vars: {} });
    await post('/policies/2/launch/', { extra_vars: '{"folders":["/srv"], "exclude":["*.tmp"]}' });
    const calls = gateway.services.calls('scheduler.policy.launch').slice(-4);
    expect(calls.map((call) => call['extra_vars'])).toEqual([
      null,
      '{"folders":["/srv"]}',
      null,
      '{"folders":["/srv"], "exclude":["*.tmp"]}',
    ]);
    expect((await post('/policies/2/launch/', {}, { as: USER })).status).toBe(403);
  });

  test('launches a policy with the masked variables that GET answered', async () => {
    const { defaults } = (await send('/policies/2/launch/')).body;
    expect(defaults).toEqual({ verbosity: 0, extra_vars: '{"folders":["/etc"], "password":"$encrypted$"}' });
    expect((await post('/policies/2/launch/', defaults)).status).toBe(200);
    expect(gateway.services.calls('scheduler.policy.launch').at(-1)).toMatchObject({ extra_vars: null });
  });

  test.each([
    [{ folders: [] }, 'at least one folder'],
    [{ folders: ['/srv'], exlude: [] }, 'no variable exlude'],
    [{ folders: ['/srv'], token: '$encrypted$' }, 'No value is stored for token'],
    [[1], 'not a JSON object'],
    ['{', 'not a JSON object'],
  ])('does not launch a policy with %j', async (extra_vars, problem) => {
    const before = gateway.services.calls('scheduler.policy.launch').length;
    const { status, body } = await post('/policies/2/launch/', { extra_vars });
    expect([status, body]).toEqual([400, { extra_vars: expect.arrayContaining([expect.stringContaining(problem)]) }]);
    expect(gateway.services.calls('scheduler.policy.launch')).toHaveLength(before);
  });

  test('starts a drill of a policy', async () => {
    gateway.services.on('scheduler.policy.drill', () => ({ job: 10, position: '0' }));
    const { status, body, headers } = await post('/policies/2/drill/');
    expect([status, body.job, headers.get('location')]).toEqual([201, 10, '/api/v1/jobs/10/']);
    expect(gateway.services.calls('scheduler.policy.drill')).toMatchObject([{ policy: 2, run: expect.any(String) }]);
    expect((await post('/policies/2/drill/', {}, { as: USER })).status).toBe(403);
    expect((await post('/policies/99/drill/')).status).toBe(404);
  });

  test('answers 409 to the launch of a busy policy', async () => {
    gateway.services.on('scheduler.policy.launch', () => {
      throw new AppError('conflict', 'A backup of these clients is running.');
    });
    const { status, body } = await post('/policies/2/launch/', {});
    expect([status, body]).toEqual([409, { detail: 'A backup of these clients is running.' }]);
  });
});

describe('a job', () => {
  test('explains why a job has not started', async () => {
    const kinds = { job_type: 'job', launch_type: 'manual' };
    const reason = 'Backup Job Etc web writes to the repository: this job is next.';
    const blocked_by = [{ id: 11, uuid: RUNNING, name: 'Backup Job Etc web' }];
    gateway.services.on('scheduler.job.explain', () => ({ state: 'pending', reason, blocked_by, ahead: 0 }));
    await gateway.insert('scheduler.jobs', { id: 60, uuid: randomUUID(), name: 'Waits', status: 'pending', ...kinds });
    const { body } = await send('/jobs/60/');
    expect(body).toMatchObject({
      job_explanation: reason,
      waiting: { state: 'pending', reason, ahead: 0, blocked_by: [{ ...blocked_by[0], url: '/api/v1/jobs/11/' }] },
    });
    expect((await send('/jobs/10/')).body.waiting).toBeNull();
    const [shown] = (await send('/jobs/?id=60')).body.results;
    expect(shown).toMatchObject({ job_explanation: '', attempt: 0, executor: '', warnings: [] });
    expect(shown).not.toHaveProperty('waiting');
  });

  test('answers a job without an explanation when the scheduler does not answer or the job runs', async () => {
    gateway.services.on('scheduler.job.explain', () => new Promise(() => undefined));
    const before = performance.now();
    expect((await send('/jobs/60/')).body).toMatchObject({ status: 'pending', waiting: null, job_explanation: '' });
    expect(performance.now() - before).toBeLessThan(3_000);
    gateway.services.on('scheduler.job.explain', () => ({ state: 'running', reason: 'x', blocked_by: [], ahead: 0 }));
    expect((await send('/jobs/60/')).body.waiting).toBeNull();
  });

  test('cancels a job while it is active', async () => {
    expect((await send('/jobs/11/cancel/')).body).toEqual({ can_cancel: true });
    const { status, body } = await post('/jobs/11/cancel/');
    expect([status, body]).toEqual([202, '']);
    expect(gateway.services.calls('scheduler.job.cancel')).toEqual([{ job: RUNNING }]);
    const headers = { 'Idempotency-Key': 'cancel it' };
    for (const _again of [1, 2]) expect((await post('/jobs/11/cancel/', undefined, { headers })).status).toBe(202);
    expect(gateway.services.calls('scheduler.job.cancel')).toHaveLength(2);
    expect((await send('/jobs/10/cancel/')).body).toEqual({ can_cancel: false });
    expect((await post('/jobs/10/cancel/')).status).toBe(405);
  });

  test('refuses to start a job by hand', async () => {
    expect((await send('/jobs/11/start/')).body).toEqual({ can_start: false });
    expect((await post('/jobs/11/start/')).status).toBe(405);
  });

  test('relaunches a job', async () => {
    expect((await send('/jobs/10/relaunch/')).body).toEqual({ retry_counts: {} });
    const { status, headers, body } = await post('/jobs/10/relaunch/');
    expect([status, headers.get('location'), body.job]).toEqual([201, '/api/v1/jobs/10/', 10]);
  });

  test('answers a job’s output in every format', async () => {
    const stdout = (query: string) => send(`/jobs/10/stdout/${query}`);
    expect((await stdout('')).body).toMatchObject({ range: { start: 0, end: 3, absolute_end: 3 } });
    expect((await stdout('?format=json&start_line=-2&end_line=2')).body).toEqual({
      range: { start: 1, end: 2, absolute_end: 3 },
      content: 'two <b>\n',
    });
    const text = await stdout('?format=txt');
    expect([String(text.body).slice(0, 12), text.headers.get('content-type')]).toEqual([
      'one\ntwo <b>\n',
      'text/plain; charset=utf-8',
    ]);
    expect((await stdout('?format=html')).body).toContain('two &lt;b&gt;');
    const file = await stdout('?format=txt_download');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="job_10.txt"');
    expect((await stdout('?format=nothing')).status).toBe(404);
  });

  test('lets no output of a host command a terminal or a page, whatever the format', async () => {
    const [{ uuid }] = await gateway.sql('select uuid from scheduler.jobs where id = 11');
    const hostile = `\x1b[31mred\x1b[0m \x1b[2J\x1b]52;c;cm0=\x07\x9b2J\r<script>'"&`;
    await gateway.insert('executor.job_events', {
      id: 77,
      job_uuid: uuid,
      counter: 1,
      event: 'verbose',
      stdout: hostile,
    });
    const shown = `\x1b[31mred\x1b[0m ␛[2J␛]52;c;cm0=␇\uFFFD2J␍<script>'"&`;
    const inPage = 'red ␛[2J␛]52;c;cm0=␇\uFFFD2J␍&lt;script&gt;&#39;&quot;&amp;\n';
    const stdout = async (query: string): Promise<unknown> => (await send(`/jobs/11/stdout/${query}`)).body;
    for (const format of ['txt', 'ansi', 'txt_download', 'ansi_download']) {
      expect([format, await stdout(`?format=${format}`)]).toEqual([format, `${shown}\n`]);
    }
    expect(await stdout('?format=json&content_format=ansi')).toMatchObject({ content: `${shown}\n` });
    expect(await stdout('?format=json')).toMatchObject({ content: `${shown}\n` });
    expect(await stdout('?format=json&content_format=html')).toMatchObject({ content: inPage });
    const content = Buffer.from(inPage).toString('base64');
    expect(await stdout('?format=json&content_format=html&content_encoding=base64')).toMatchObject({ content });
    expect(await stdout('?format=html')).toContain(`<pre>${inPage}</pre>`);
    expect((await send('/job_events/77/')).body.stdout).toBe(shown);
    await gateway.sql('delete from executor.job_events where id = 77');
  });

  test('lists a job’s events in order and shortened', async () => {
    const { body, headers } = await send('/jobs/10/job_events/');
    expect(headers.get('x-ui-max-events')).toBe('4000');
    expect((body.results as { counter: number }[]).map(({ counter }) => counter)).toEqual([1, 2, 3]);
    expect(body.results[2].stdout).toHaveLength(1_024);
    expect((await send('/job_events/3/')).body.stdout).toHaveLength(2_000);
    const list = await send('/job_events/?job=10&order=counter&page_size=1');
    expect(list.body).toMatchObject({ count: 3, results: [{ counter: 1, job: 10 }] });
    expect((await send('/job_events/99999999999999999/')).status).toBe(404);
  });
});

describe('an archive', () => {
  test('lists an archive through catalogs', async () => {
    const { body } = await send('/catalogs/?job=10&order=path');
    expect(body.results[0]).toEqual({
      id: 1,
      url: '/api/v1/catalogs/1/',
      archive_name: 'folders-web-1',
      path: 'etc',
      job: 10,
      mode: '-rw-r--r--',
      mtime: '2018-11-23T23:03:52Z',
      owner: 'root',
      group: 'wheel',
      size: 5,
      healthy: true,
    });
    expect((await send('/catalogs/2/')).body.path).toBe('etc/hosts');
    expect((await send('/catalogs/3/')).body).toEqual({ detail: 'No Catalog matches the given query.' });
  });

  test('lists an archive through escatalogs', async () => {
    expect((await send('/escatalogs/?archive_name=folders-web-1')).body).toEqual({ count: 2, results: [] });
    const { body } = await send('/escatalogs/?archive_name=folders-web-1&path__regexp=etc/[^/]*');
    expect(body).toMatchObject({
      count: 1,
      results: [{ path: 'etc/hosts', mtime: '2018-11-23 23:03:52.000000+0000', group: 'wheel' }],
    });
    expect((await send('/escatalogs/?path__regexp=(')).status).toBe(400);
    expect((await send('/escatalogs/?path__regexp=%00')).status).toBe(400);
  });
});

test('counts the backups of a day', async () => {
  const { body } = await send('/stats/');
  const sums = (body as { date: string }[]).map(({ date: _date, ...day }) => day);
  expect(sums).toEqual([{ size: 100, dedup: 40, success: 1, failed: 0 }]);
});

describe('settings', () => {
  const WRITTEN = { uuid: randomUUID(), id: 3, version: 1, position: '0' };

  test('lists all settings, changed or not, and masks secrets', async () => {
    const { body } = await send('/settings/');
    expect(body.count).toBe(26);
    const filtered = await send('/settings/?key__icontains=mail&order=-id');
    expect((filtered.body.results as { id: number }[]).map(({ id }) => id)).toEqual([16, 15, 14, 13, 12, 8, 1]);
    expect((body.results as { id: number }[]).find(({ id }) => id === 3)).toEqual({
      id: 3,
      url: '/api/v1/settings/3/',
      description: expect.stringContaining('lists the files'),
      key: 'cyborgbackup_catalog_enabled',
      type: 'setting',
      setting_type: 'boolean',
      value: 'True',
      group: '1 - General',
      order: 2,
      created: null,
      modified: null,
    });
    const secret = { id: 7, key: 'cyborgbackup_ssh_password', secret: { sealed: 1 }, setting_type: 'password' };
    await gateway.insert('inventory.settings', { ...secret, group_name: '4 - SSH', sort_order: 1 });
    expect((await send('/settings/7/')).body.value).toBe('$encrypted$');
    expect((await send('/settings/10/')).body.value).toBe('');
    expect((await send('/settings/99/')).status).toBe(404);
  });

  test('changes settings as text, and nothing for the mask of a secret', async () => {
    gateway.services.on('inventory.settings.change', () => WRITTEN);
    const patch = (id: number, value: unknown) => send(`/settings/${id}/`, { method: 'PATCH', body: { value } });
    for (const value of [true, 5, null, 'x']) expect((await patch(3, value)).status).toBe(200);
    expect((await patch(7, '$encrypted$UTF8$x')).status).toBe(200);
    expect((await send('/settings/3/', { method: 'PATCH', body: {} })).status).toBe(200);
    const calls = gateway.services.calls('inventory.settings.change');
    expect(calls.map(({ value }) => value)).toEqual(['True', '5', '', 'x']);
    expect((await send('/settings/3/', { method: 'PATCH', body: { value: 'x' }, as: USER })).status).toBe(403);
  });

  test('answers the public key as a JSON string, or an empty list', async () => {
    expect((await send('/settings/get_ssh_publickey/')).body).toEqual([]);
    expect((await send('/settings/generate_ssh/')).status).toBe(204);
    gateway.services.on('inventory.settings.generate-ssh', async () => {
      await gateway.insert('inventory.ssh_keys', { name: 'control-plane', public_key: 'ssh-ed25519 AAAA' });
      return { public_key: 'ssh-ed25519 AAAA', position: '0' };
    });
    const made = await post('/settings/generate_ssh/', { type: 'rsa', size: 4096 });
    expect([made.status, made.body]).toEqual([201, { pubkey: 'ssh-ed25519 AAAA' }]);
    expect(gateway.services.calls('inventory.settings.generate-ssh')).toEqual([
      { key_type: 'rsa', bits: 4096, force: false },
    ]);
    expect((await send('/settings/get_ssh_publickey', { as: USER })).body).toBe('ssh-ed25519 AAAA');
    expect((await send('/settings/generate_ssh/')).status).toBe(200);
    const again = await post('/settings/generate_ssh/', { type: 'rsa' });
    expect([again.status, again.body]).toEqual([409, {}]);
  });
});

test('pins a host key for superusers, and shows it with the client that it belongs to', async () => {
  const key = {
    host: 'pinned.example.com',
    port: 22,
    key_type: 'ssh-ed25519',
    fingerprint: 'SHA256:y',
    public_key: 'AAAB',
  };
  gateway.services.on('inventory.host-key.pin', async () => {
    await gateway.insert('inventory.host_keys', { stream: 'host-key-pinned.example.com:22', ...key });
    return { host: key.host, port: 22, position: '0' };
  });
  const sent = { host: 'pinned.example.com:22', public_key: 'ssh-ed25519 AAAB' };
  expect((await send('/host_keys/', { method: 'POST', body: sent, as: USER })).status).toBe(403);
  const { status, body, headers } = await post('/host_keys/', sent);
  expect([status, body]).toEqual([201, expect.objectContaining(key)]);
  expect(headers.get('location')).toBe('/api/v1/host_keys/pinned.example.com:22/');
  expect(gateway.services.calls('inventory.host-key.pin')).toEqual([sent]);
  const host_key_stream = 'host-key-pinned.example.com:22';
  const client = { id: 901, uuid: randomUUID(), hostname: 'Pinned.example.com', port: 22, host_key_stream };
  await gateway.insert('inventory.clients', client);
  expect((await send('/clients/901/')).body.host_key).toBe('ssh-ed25519 AAAB');
  expect((await send('/clients/?host_key__endswith=AAAB')).body.results).toMatchObject([{ id: 901 }]);
  await gateway.sql('delete from inventory.clients where id = 901');
  await gateway.sql("delete from inventory.host_keys where host = 'pinned.example.com'");
});

test('lists and forgets a host key', async () => {
  const key = { host: 'Backup', port: 2222, key_type: 'ssh-ed25519', fingerprint: 'SHA256:x', public_key: 'AAAA' };
  await gateway.insert('inventory.host_keys', { stream: 'host-key-backup:2222', ...key });
  const { body } = await send('/host_keys/');
  expect(body.results).toEqual([{ type: 'host_key', url: '/api/v1/host_keys/Backup:2222/', ...key, created: STAMP }]);
  gateway.services.on('inventory.host-key.forget', () => ({ position: null }));
  expect((await gateway.send(body.results[0].url, { method: 'DELETE' })).status).toBe(200);
  expect(gateway.services.calls('inventory.host-key.forget')).toEqual([{ host: 'Backup', port: 2222 }]);
  expect((await send('/host_keys/nowhere/')).status).toBe(404);
});

test('answers 202 to a write that the read models do not show in time', { timeout: 20_000 }, async () => {
  const ahead = { uuid: randomUUID(), id: 500, version: 1, position: '999999999' };
  gateway.services.on('inventory.client.register', () => ahead);
  const { status, headers, body } = await post('/clients/', { hostname: 'slow' });
  expect([status, headers.get('location')]).toEqual([202, '/api/v1/clients/500/']);
  expect(body).toMatchObject({ id: 500, detail: expect.stringContaining('recorded') });
});
