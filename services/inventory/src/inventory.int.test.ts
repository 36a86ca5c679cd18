import {
  apiTokenCommands,
  clientCommands,
  hostKeyCommands,
  hostKeyPinned,
  hostKeyStream,
  POLICY_DEFAULTS,
  policyCommands,
  REPOSITORY_DEFAULTS,
  repositoryCommands,
  SCHEDULE_DEFAULTS,
  scheduleCommands,
  SECRET_MASK,
  secretCommands,
  sessionCommands,
  settingsCommands,
  userCommands,
  type Rpc,
  type RpcInput,
  type RpcOutput,
  type ChangeResult,
} from '@cyborgbackup/contracts';
import { generateKeyPair } from '@cyborgbackup/borg';
import { claim, eventId, isEncrypted } from '@cyborgbackup/event-store';
import {
  createLogger,
  isoMicros,
  runInContext,
  systemClock,
  systemContext,
  verifyPassword,
  type DomainEvent,
} from '@cyborgbackup/kernel';
import { compareProjection } from '@cyborgbackup/projections';
import { createOwnTrust } from '@cyborgbackup/messaging';
import { commandDeps, createServiceDeps, type ServiceDeps } from '@cyborgbackup/service';
import {
  createTestDatabase,
  failAppends,
  PASSING_SQL_STATES,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import type { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventoryProjection } from './inventory-projection.ts';
import { forgetExpired } from './session/forget-expired.ts';
import { inventoryDeps, startInventory, type InventoryService } from './start.ts';

const logger = createLogger('test', 'silent');
const ADMIN_ACTOR = '11111111-1111-4111-8111-111111111111';

let database: TestDatabase;
let nats: TestNats;
let deps: ServiceDeps;
let other: ServiceDeps;
let services: readonly InventoryService[];
let admin: pg.Pool;
/** Where the first password is written. */
let folder: string;

const newDeps = (name: string): Promise<ServiceDeps> =>
  createServiceDeps(
    name,
    {
      DATABASE_URL: database.url,
      CYBORGBACKUP_DATABASE_ADMIN_URL: database.adminUrl,
      NATS_URL: nats.url,
      EVENTSTORE_URL: undefined,
      CYBORGBACKUP_MASTER_KEY: masterKey,
      CYBORGBACKUP_DATA_DIR: '/nonexistent',
      CYBORGBACKUP_LOG_LEVEL: 'silent',
    },
    logger,
    { trust },
  );
/** Of both replicas, and of the caller, who plays the gateway. */
const trust = createOwnTrust({ isShared: true });
const masterKey = randomBytes(32).toString('base64');

/** Two replicas of the service, which start at the same moment and share the work. */
beforeAll(async () => {
  [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  deps = await newDeps('inventory');
  other = await newDeps('inventory');
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-inventory-'));
  const config = { CYBORGBACKUP_DATA_DIR: folder };
  services = await Promise.all([startInventory(deps, config), startInventory(other, config)]);
  admin = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
});

afterAll(async () => {
  await Promise.all((services ?? []).map((service) => service.stop()));
  await admin?.end();
  await rm(folder, { recursive: true, force: true });
  await other?.close();
  await deps?.close();
  await nats?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const call = <Call extends Rpc>(rpc: Call, payload: z.input<Call['input']>): Promise<RpcOutput<Call>> =>
  runInContext({ ...systemContext('test'), actor: { kind: 'user', id: ADMIN_ACTOR } }, () =>
    deps.rpc.call(rpc.subject, payload, { schema: rpc.output, deadlineMillis: 20_000 }),
  ) as Promise<RpcOutput<Call>>;

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (answer) => expect.fail(`answered ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );

const created = (): { uuid: string; command_id: string } => ({ uuid: randomUUID(), command_id: randomUUID() });

const reports = {
  notify_backup_daily: false,
  notify_backup_weekly: false,
  notify_backup_monthly: false,
  notify_backup_success: false,
  notify_backup_failed: false,
  notify_backup_summary: false,
};

const user = (email: string, is_superuser = false): RpcInput<typeof userCommands.register> => ({
  ...created(),
  first_name: 'Ada',
  last_name: 'Lovelace',
  email,
  is_superuser,
  ...reports,
  password_hash: '$scrypt$hash-of-a-password',
});

const client = (hostname: string, port = 22): RpcInput<typeof clientCommands.register> => ({
  ...created(),
  hostname,
  port,
  ip: '',
  version: '',
  ready: false,
  hypervisor_ready: false,
  hypervisor_name: '',
  enabled: true,
  bandwidth_limit: null,
  mark_as_to_update: false,
  behind_firewall: false,
});

const repository = (path = 'borg@nas:/srv/repo'): RpcInput<typeof repositoryCommands.register> => ({
  ...created(),
  name: 'Main',
  path,
  repository_key: 'plain-passphrase-4711',
  ready: false,
  enabled: true,
  ...REPOSITORY_DEFAULTS,
});

const schedule = (crontab = '0 5 * * MON *'): RpcInput<typeof scheduleCommands.register> => ({
  ...created(),
  name: 'Each Monday',
  crontab,
  timezone: 'Europe/Paris',
  enabled: true,
  ...SCHEDULE_DEFAULTS,
});

const policy = (
  ids: { readonly clients: number[]; readonly repository: number; readonly schedule: number },
  extra_vars = '',
): RpcInput<typeof policyCommands.register> => ({
  ...created(),
  ...ids,
  name: 'Everything',
  extra_vars,
  policy_type: 'rootfs',
  keep_hourly: null,
  keep_daily: 7,
  keep_weekly: null,
  keep_monthly: null,
  keep_yearly: null,
  vmprovider: '',
  mode_pull: false,
  enabled: true,
  prehook: '',
  posthook: '',
  ...POLICY_DEFAULTS,
});

/** The rows of a table, after the projection has reached all there is. */
const rowsOf = async (table: string, condition: string, ...values: unknown[]): Promise<Record<string, unknown>[]> => {
  await deps.waiter.waitForProjections(['inventory'], 'head', 5_000);
  const { rows } = await deps.pool.query<Record<string, unknown>>(
    `select * from inventory.${table} where ${condition}`,
    values,
  );
  return rows;
};

const rowOf = async (table: string, { uuid }: { readonly uuid: string }): Promise<Record<string, unknown>> => {
  const [row] = await rowsOf(table, 'uuid = $1', uuid);
  return row ?? expect.fail(`no row in ${table}`);
};

const policyParts = async (): Promise<{ clients: number[]; repository: number; schedule: number }> => {
  const [host, place, time] = await Promise.all([
    call(clientCommands.register, client(`host-${randomUUID()}`)),
    call(repositoryCommands.register, repository()),
    call(scheduleCommands.register, schedule()),
  ]);
  return { clients: [host.id], repository: place.id, schedule: time.id };
};

describe('the first start', () => {
  test('the first start of two replicas makes one administrator and one key pair', async () => {
    const known = services.flatMap(({ initialAdmin }) => (initialAdmin ? [initialAdmin] : []));
    expect(known).toHaveLength(1);
    const rows = await rowsOf('users', 'email = $1', known[0]!.email);
    expect(rows).toMatchObject([{ email: 'admin@cyborgbackup.local', is_superuser: true }]);
    const hash = rows[0]!['password_hash'];
    if (!isEncrypted(hash)) throw new Error('not sealed');
    const { passwordFile } = known[0]!;
    expect(await readdir(folder)).toEqual([basename(passwordFile)]);
    expect((await stat(passwordFile)).mode & 0o777).toBe(0o600);
    const password = (await readFile(passwordFile, 'utf8')).trim();
    expect(await verifyPassword(password, (await deps.keys.open(hash))!)).toBe(true);

    const [key, ...others] = await rowsOf('ssh_keys', 'true');
    expect(others).toEqual([]);
    expect(key).toMatchObject({ name: 'control-plane', key_type: 'ed25519' });
    expect(key!['public_key']).toMatch(/^ssh-ed25519 AAAA\S+ cyborgbackup$/);
  });

  test('a later start makes nothing, and the service says that it is ready', async () => {
    const third = await startInventory(deps, { CYBORGBACKUP_ADMIN_PASSWORD: 'something else' });
    try {
      expect(third.initialAdmin).toBeUndefined();
      expect((await third.checks()).filter(({ ready }) => !ready)).toEqual([]);
    } finally {
      await third.stop();
    }
    expect(await rowsOf('users', 'email = $1', 'admin@cyborgbackup.local')).toHaveLength(1);
  });
});

test('every call of the contract is served', async () => {
  const groups = [
    userCommands,
    clientCommands,
    repositoryCommands,
    scheduleCommands,
    policyCommands,
    settingsCommands,
    hostKeyCommands,
    sessionCommands,
    apiTokenCommands,
  ];
  const calls: Rpc[] = groups.flatMap((group) => Object.values<Rpc>(group));
  for (const { subject, output } of calls) {
    const answer = deps.rpc.call(subject, { nonsense: true }, { schema: output });
    expect(await failureOf(answer), subject).toMatchObject({ code: 'validation' });
  }
});

describe('what must be unique', () => {
  test('registers one of 50 users with one email address, in any case of its letters', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => call(userCommands.register, user(i % 2 ? 'ada@x.org' : 'ADA@x.org'))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(reasons).toHaveLength(49);
    for (const reason of reasons) {
      expect(reason).toMatchObject({
        code: 'validation',
        fields: { email: ['User with this Email address already exists.'] },
      });
    }
    expect(await rowsOf('users', "lower(email) = 'ada@x.org'")).toHaveLength(1);
  });

  test('registers one of 50 clients with one hostname and port, and another one with another port', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => call(clientCommands.register, client(i % 2 ? 'Web' : 'web'))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reason = results.find((result) => result.status === 'rejected')?.reason;
    expect(reason).toMatchObject({
      code: 'validation',
      fields: { hostname: ['A client with this hostname and port already exists.'] },
    });
    await call(clientCommands.register, client('web', 2222));
    expect(await rowsOf('clients', "lower(hostname) = 'web'")).toHaveLength(2);
  });

  test('asks to try again while PostgreSQL refuses what it will take a moment later', async () => {
    // An append that is refused is tried once more at once.
    const states = PASSING_SQL_STATES.flatMap((state) => [state, state]);
    await failAppends(database.adminUrl, 'client-registered', states);
    for (const state of PASSING_SQL_STATES) {
      const failure = await failureOf(call(clientCommands.register, client(`refused-${state}`)));
      expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('try again') });
    }
    expect(await call(clientCommands.register, client('refused-no-more'))).toMatchObject({ version: 1 });
  });

  test('frees an email address once its user has another one or is removed', async () => {
    const first = await call(userCommands.register, user('old@x.org'));
    await call(userCommands.change, { uuid: first.uuid, changes: { email: 'new@x.org' } });
    const second = await call(userCommands.register, user('old@x.org'));
    expect(
      await failureOf(call(userCommands.change, { uuid: second.uuid, changes: { email: 'NEW@x.org' } })),
    ).toMatchObject({ code: 'validation', fields: { email: [expect.any(String)] } });
    await call(userCommands.remove, { uuid: first.uuid });
    await call(userCommands.change, { uuid: second.uuid, changes: { email: 'new@x.org' } });
    await call(userCommands.register, user('old@x.org'));
  });

  test('frees the new email address of a change that is refused', async () => {
    const host = await call(clientCommands.register, client('moving'));
    await call(clientCommands.change, { uuid: host.uuid, changes: { ip: '192.0.2.1' } });
    const late = { uuid: host.uuid, expected_version: 1, changes: { hostname: 'elsewhere' } };
    expect(await failureOf(call(clientCommands.change, late))).toMatchObject({ code: 'version-conflict' });
    await call(clientCommands.register, client('elsewhere'));
  });

  test('gives an email address to one of many users who change to it at once; the others keep theirs', async () => {
    const people = await Promise.all(
      Array.from({ length: 8 }, (_, i) => call(userCommands.register, user(`p${i}@x.org`))),
    );
    const results = await Promise.allSettled(
      people.map(({ uuid }) => call(userCommands.change, { uuid, changes: { email: 'wanted@x.org' } })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await rowsOf('users', "email = 'wanted@x.org'")).toHaveLength(1);
  });

  test('frees an orphaned value after half a minute when its owner died between its event and the release', async () => {
    const owner = await call(clientCommands.register, client('real-name'));
    const value = { kind: 'client-address', value: 'left-behind:22', owner: `client-${owner.uuid}` };
    const past = { now: () => Date.now() - 31_000 };
    await claim({ ...commandDeps(deps, 'test'), clock: past }, value);
    await call(clientCommands.register, client('left-behind'));

    const recent = { kind: 'client-address', value: 'just-now:22', owner: `client-${owner.uuid}` };
    await claim({ ...commandDeps(deps, 'test') }, recent);
    expect(await failureOf(call(clientCommands.register, client('just-now')))).toMatchObject({ code: 'validation' });
  });
});

describe('a repeated command', () => {
  test('answers a repeated command as the first time, also at the same moment, also later', async () => {
    const command = client('twice');
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(clientCommands.register, command)));
    const first = answers[0]!;
    for (const answer of answers) expect(answer).toEqual(first);
    expect(first.version).toBe(1);

    await call(clientCommands.change, { uuid: first.uuid, changes: { hostname: 'renamed' } });
    expect(await call(clientCommands.register, command)).toEqual(first);
    expect(await rowOf('clients', command)).toMatchObject({ id: first.id, hostname: 'renamed' });
    await call(clientCommands.register, client('twice')); // the repetition did not take the old name again
  });

  test('refuses a command of another kind with the same uuid', async () => {
    const command = schedule();
    await call(scheduleCommands.register, command);
    expect(await failureOf(call(scheduleCommands.register, { ...command, command_id: randomUUID() }))).toMatchObject({
      code: 'conflict',
    });
  });
});

describe('superusers', () => {
  const demote = (uuid: string): Promise<ChangeResult> =>
    call(userCommands.change, { uuid, changes: { is_superuser: false } });
  const superusers = async (): Promise<string[]> =>
    (await rowsOf('users', 'is_superuser')).map(({ uuid }) => String(uuid));

  test('keeps one superuser, whatever happens at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const known = await superusers();
      const added = await call(userCommands.register, user(`super${round}@x.org`, true));
      const all = [...known, added.uuid];
      const results = await Promise.allSettled(
        all.map((uuid, i) => ((i + round) % 2 ? demote(uuid) : call(userCommands.remove, { uuid }))),
      );
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      expect(reasons).toHaveLength(1);
      expect(reasons[0]).toMatchObject({ code: 'conflict', message: expect.stringContaining('last superuser') });
      expect(await superusers()).toHaveLength(1);
    }
    const [last] = await superusers();
    expect(await failureOf(demote(last!))).toMatchObject({ code: 'conflict' });
    expect(await failureOf(call(userCommands.remove, { uuid: last! }))).toMatchObject({ code: 'conflict' });
    const wish = { email: 'given-back@x.org', is_superuser: false };
    expect(await failureOf(call(userCommands.change, { uuid: last!, changes: wish }))).toMatchObject({
      code: 'conflict',
    });
    await call(userCommands.register, user('given-back@x.org')); // the address was not kept
    await call(userCommands.change, { uuid: last!, changes: { first_name: 'Still', is_superuser: true } });
  });
});

describe('references', () => {
  test('names all unknown ids and wrong variables of a policy at once', async () => {
    const command = { ...policy({ clients: [999_001, 999_002], repository: 999_003, schedule: 999_004 }, '[]') };
    expect(await failureOf(call(policyCommands.register, command))).toMatchObject({
      code: 'validation',
      fields: {
        clients: ['Invalid pk "999001" - object does not exist.', 'Invalid pk "999002" - object does not exist.'],
        repository: ['Invalid pk "999003" - object does not exist.'],
        schedule: ['Invalid pk "999004" - object does not exist.'],
        extra_vars: [expect.stringContaining('JSON object')],
      },
    });
  });

  test('refuses to remove what a policy uses, and says which policies use it', async () => {
    const ids = await policyParts();
    const made = await call(policyCommands.register, policy(ids));
    const [host] = await rowsOf('clients', 'id = $1', ids.clients[0]);
    const [place] = await rowsOf('repositories', 'id = $1', ids.repository);
    const [time] = await rowsOf('schedules', 'id = $1', ids.schedule);
    const removals = [
      () => call(clientCommands.remove, { uuid: String(host!['uuid']) }),
      () => call(repositoryCommands.remove, { uuid: String(place!['uuid']) }),
      () => call(scheduleCommands.remove, { uuid: String(time!['uuid']) }),
    ];
    for (const remove of removals) {
      expect(await failureOf(remove())).toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('1 policy'),
        details: { users: [{ type: 'policy', id: made.id, name: 'Everything' }] },
      });
    }
    await call(policyCommands.remove, { uuid: made.uuid });
    for (const remove of removals) await remove();
    expect(await rowsOf('clients', 'id = $1', ids.clients[0])).toEqual([]);
  });

  test('refuses either a new policy or the removal of its schedule at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ids = await policyParts();
      const [time] = await rowsOf('schedules', 'id = $1', ids.schedule);
      const results = await Promise.allSettled([
        call(policyCommands.register, policy(ids)),
        call(scheduleCommands.remove, { uuid: String(time!['uuid']) }),
      ]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    }
  });

  test('refuses to remove what an unfinished job works on', async () => {
    const ids = await policyParts();
    const made = await call(policyCommands.register, policy(ids));
    await admin.query(`create schema scheduler; create table scheduler.jobs
      (id int, name text, status text, policy int, client int, repository int, schedule int);
      grant usage on schema scheduler to cyborgbackup_inventory; grant select on scheduler.jobs to cyborgbackup_inventory`);
    try {
      await admin.query("insert into scheduler.jobs values (7, 'Backup Job', 'running', $1, $2, $3, $4)", [
        made.id,
        ids.clients[0],
        ids.repository,
        ids.schedule,
      ]);
      expect(await failureOf(call(policyCommands.remove, { uuid: made.uuid }))).toMatchObject({
        code: 'conflict',
        details: { users: [{ type: 'job', id: 7, name: 'Backup Job' }] },
      });
      await admin.query("update scheduler.jobs set status = 'successful'");
      await call(policyCommands.remove, { uuid: made.uuid });
    } finally {
      await admin.query('drop schema scheduler cascade');
    }
  });

  test('requires the schedule of checks and drills to exist, and keeps it while it is used', async () => {
    const time = await call(scheduleCommands.register, schedule());
    const place = await call(repositoryCommands.register, { ...repository(), check_schedule: time.id });
    const changes = { check_schedule: null, integrity_schedule: time.id };
    await call(repositoryCommands.change, { uuid: place.uuid, changes });
    const drilled = await call(policyCommands.register, {
      ...policy(await policyParts()),
      drill_schedule: time.id,
      drill_files: 25,
    });
    expect(await rowOf('policies', drilled)).toMatchObject({ drill_schedule: time.id, drill_files: 25 });
    const refusal = await failureOf(call(scheduleCommands.remove, { uuid: time.uuid }));
    expect(refusal).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('1 policy and 1 repository'),
      details: {
        users: [
          { type: 'policy', id: drilled.id },
          { type: 'repository', id: place.id },
        ],
      },
    });
    await call(repositoryCommands.change, { uuid: place.uuid, changes: { integrity_schedule: null } });
    await call(policyCommands.change, { uuid: drilled.uuid, changes: { drill_schedule: null } });
    await call(scheduleCommands.remove, { uuid: time.uuid });
    const missing = { code: 'validation', fields: { check_schedule: [expect.stringContaining('does not exist')] } };
    const late = { ...repository(), check_schedule: time.id };
    expect(await failureOf(call(repositoryCommands.register, late))).toMatchObject(missing);
    const again = { uuid: place.uuid, changes: { check_schedule: time.id } };
    expect(await failureOf(call(repositoryCommands.change, again))).toMatchObject(missing);
    expect(
      await failureOf(call(policyCommands.change, { uuid: drilled.uuid, changes: { drill_schedule: time.id } })),
    ).toMatchObject({ fields: { drill_schedule: [expect.any(String)] } });
  });

  test('resolves a policy of many clients in messages that NATS takes', async () => {
    const ids = await policyParts();
    const names = Array.from(
      { length: 1_001 },
      (_, n) => `${`${String(n).padStart(4, '0')}${'x'.repeat(59)}.`.repeat(3)}de`,
    );
    const made: ChangeResult[] = [];
    // In waves: all calls of one moment share one deadline.
    for (let at = 0; at < names.length; at += 100) {
      const wave = names.slice(at, at + 100).map((name) => call(clientCommands.register, client(name)));
      made.push(...(await Promise.all(wave)));
    }
    const clients = made.map(({ id }) => id).toReversed();
    const { id, uuid } = await call(policyCommands.register, policy({ ...ids, clients }));
    const first = await call(policyCommands.resolve, { id, clients_from: 0 });
    expect(first).toMatchObject({ next: 1_000 });
    const second = await call(policyCommands.resolve, { id, clients_from: 1_000 });
    expect(second).toMatchObject({ policy: { id }, next: null });
    expect([...first.clients, ...second.clients].map((each) => each.id)).toEqual(clients);
    // One client less in the first answer would shift those of the second.
    expect(second.revision).toBe(first.revision);
    await call(policyCommands.change, { uuid, changes: { clients: clients.slice(1) } });
    const changed = await call(policyCommands.resolve, { id, clients_from: 1_000 });
    expect(changed.revision).not.toBe(first.revision);
  });

  test('resolves a policy to all that a launch needs, without a secret in clear', async () => {
    const ids = await policyParts();
    const second = await call(clientCommands.register, client(`second-${randomUUID()}`));
    const clients = [second.id, ids.clients[0]!];
    const made = await call(policyCommands.register, {
      ...policy({ ...ids, clients }, '{"password":"s3cret-0815"}'),
      policy_type: 'mysql',
      prehook: 'unlock s3cret-0815',
    });
    await call(settingsCommands.change, { key: 'cyborgbackup_auto_prune', value: 'false' });
    const resolved = await call(policyCommands.resolve, { id: made.id, clients_from: 0 });
    expect(resolved).toMatchObject({
      policy: { id: made.id, uuid: made.uuid, name: 'Everything', keep_daily: 7, enabled: true },
      repository: { id: ids.repository, path: 'borg@nas:/srv/repo', ready: false, enabled: true },
      schedule: { id: ids.schedule, name: 'Each Monday', enabled: true },
      catalog_enabled: true,
      auto_prune: false,
    });
    expect(resolved.clients.map(({ id }) => id)).toEqual(clients);
    for (const secret of [resolved.extra_vars, resolved.prehook, resolved.posthook]) {
      expect(isEncrypted(secret)).toBe(true);
    }
    expect(JSON.stringify(resolved)).not.toContain('s3cret');
    expect(await failureOf(call(policyCommands.resolve, { id: 999_999, clients_from: 0 }))).toMatchObject({
      code: 'not-found',
    });
  });
});

describe('changes', () => {
  test('refuses a change of an older version, stamps the row, and records no unchanged value', async () => {
    const made = await call(scheduleCommands.register, schedule());
    const change = (changes: object, expected_version?: number): Promise<ChangeResult> =>
      call(scheduleCommands.change, { uuid: made.uuid, changes, ...(expected_version ? { expected_version } : {}) });
    expect(await change({ name: 'Each Monday' })).toMatchObject({ id: made.id, version: 1 });
    expect(await change({ name: 'Renamed' }, 1)).toMatchObject({ id: made.id, version: 2 });
    expect(await failureOf(change({ name: 'Late' }, 1))).toMatchObject({ code: 'version-conflict' });
    expect(await rowOf('schedules', made)).toMatchObject({
      name: 'Renamed',
      revision: 2,
      created_by: ADMIN_ACTOR,
      modified_by: ADMIN_ACTOR,
    });
    expect(await failureOf(change({ crontab: '61 * * * *', timezone: 'Mars/Base' }))).toMatchObject({
      code: 'validation',
      fields: { crontab: [expect.any(String)], timezone: [expect.any(String)] },
    });
  });

  test('keeps a passphrase whose mask is sent, and the ETag when it is read', async () => {
    const made = await call(repositoryCommands.register, repository());
    const keyOf = async (): Promise<string | undefined> => {
      const { repository_key: key } = await rowOf('repositories', made);
      return isEncrypted(key) ? deps.keys.open(key) : undefined;
    };
    await call(repositoryCommands.change, {
      uuid: made.uuid,
      changes: { name: 'New name', repository_key: SECRET_MASK },
    });
    expect(await keyOf()).toBe('plain-passphrase-4711');
    expect(await call(repositoryCommands.recordKeyRead, { uuid: made.uuid })).toMatchObject({
      id: made.id,
      version: 3,
    });
    expect(await rowOf('repositories', made)).toMatchObject({ name: 'New name', revision: 3 });
    await call(repositoryCommands.change, { uuid: made.uuid, changes: { repository_key: 'another-key-4711' } });
    expect(await keyOf()).toBe('another-key-4711');
    const { previous_key: previous } = await rowOf('repositories', made);
    expect(isEncrypted(previous) && (await deps.keys.open(previous))).toBe('plain-passphrase-4711');
    const same = { repository_key: 'another-key-4711', ready: true };
    await call(repositoryCommands.change, { uuid: made.uuid, changes: same });
    expect(await rowOf('repositories', made)).toMatchObject({ ready: true, previous_key: previous });
    await call(repositoryCommands.change, { uuid: made.uuid, changes: { repository_key: 'mistyped', ready: true } });
    expect(await rowOf('repositories', made)).toMatchObject({ ready: false, previous_key: previous });
    expect(await failureOf(call(repositoryCommands.register, repository('nowhere')))).toMatchObject({
      code: 'validation',
      fields: { path: [expect.stringContaining('user@host:path')] },
    });
  });

  test('makes a key pair with each repository, and another one on demand', async () => {
    const made = await call(repositoryCommands.register, repository());
    expect(made.version).toBe(2);
    const { public_key: first } = await rowOf('repositories', made);
    expect(first).toMatch(new RegExp(`^ssh-ed25519 \\S+ cyborgbackup-repository-${made.id}$`));
    const asked = { uuid: made.uuid, append_only: true, storage_quota: '500G' };
    const { line } = await call(repositoryCommands.describeAuthorizedKey, asked);
    expect(line).toContain(`--append-only --storage-quota 500G",restrict ${String(first)}`);
    expect(
      await failureOf(call(repositoryCommands.describeAuthorizedKey, { ...asked, storage_quota: '1' })),
    ).toMatchObject({
      code: 'validation',
      fields: { storage_quota: [expect.any(String)] },
    });
    const found = {
      ready: true,
      borg_id: 'ab',
      encryption: 'repokey',
      initialised: false,
      own_key: true,
      key_installed: true,
    };
    await call(repositoryCommands.recordPreparation, { uuid: made.uuid, ...found });
    expect(await rowOf('repositories', made)).toMatchObject({ own_key: true });
    expect(await call(repositoryCommands.generateSsh, { uuid: made.uuid })).toMatchObject({ version: 4 });
    const after = await rowOf('repositories', made);
    expect(after).toMatchObject({ own_key: false, revision: 4 });
    expect(after['public_key']).not.toBe(first);
    const { rows } = await admin.query<{ data: string }>(
      "select data::text as data from events.events where stream = $1 and type = 'repository-ssh-key-generated'",
      [`repository-${made.uuid}`],
    );
    expect(rows).toHaveLength(2);
    for (const { data } of rows) expect(data).not.toContain('OPENSSH');
  });

  test('records an escrow copy once and sealed, and each time who was given it', async () => {
    const made = await call(repositoryCommands.register, repository());
    const copy = { uuid: made.uuid, borg_id: 'ab', key: 'BORG_KEY ab\nhqlhbGdvcml0aG' };
    expect(await call(repositoryCommands.escrowKey, copy)).toMatchObject({ version: 3 });
    expect(await call(repositoryCommands.escrowKey, copy)).toMatchObject({ version: 3 });
    const { escrow_key: sealed, ...row } = await rowOf('repositories', made);
    expect(row).toMatchObject({ escrow_borg_id: 'ab' });
    expect(isEncrypted(sealed) && (await deps.keys.open(sealed))).toBe(copy.key);
    expect(await call(repositoryCommands.escrowKey, { ...copy, borg_id: 'cd' })).toMatchObject({ version: 4 });
    expect(await call(repositoryCommands.recordEscrowRead, { uuid: made.uuid })).toMatchObject({ version: 4 });
    const { rows } = await admin.query('select type from events.events where stream = $1', [
      `repository-key-reads-${made.uuid}`,
    ]);
    expect(rows).toEqual([{ type: 'repository-escrow-read' }]);
  });

  test('resolves a repository to what a job on it alone needs', async () => {
    const { id, uuid } = await call(repositoryCommands.register, repository());
    expect(await call(repositoryCommands.resolve, { id })).toEqual({
      ...{ id, uuid, name: 'Main', path: 'borg@nas:/srv/repo' },
      ...{ ready: false, enabled: true },
    });
    expect(await failureOf(call(repositoryCommands.resolve, { id: 999_999 }))).toMatchObject({ code: 'not-found' });
  });

  test('takes masks within extra_vars for the stored values, and keeps everything else to the letter', async () => {
    const ids = await policyParts();
    const made = await call(policyCommands.register, {
      ...policy(ids, '{ "user":"u", "password": "s3cret-0815" }'),
      policy_type: 'mysql',
      prehook: 'unlock s3cret-0815',
    });
    const secret = async (name: string): Promise<string | undefined> => {
      const { [name]: sealed } = await rowOf('policies', made);
      return isEncrypted(sealed) ? deps.keys.open(sealed) : undefined;
    };
    const variables = (): Promise<string | undefined> => secret('extra_vars');
    const change = (changes: RpcInput<typeof policyCommands.change>['changes']): Promise<ChangeResult> =>
      call(policyCommands.change, { uuid: made.uuid, changes });
    await change({ extra_vars: `{ "user":"v",  "password": "${SECRET_MASK}" }` });
    expect(await variables()).toBe('{ "user":"v",  "password": "s3cret-0815" }');
    expect(await change({ extra_vars: `{ "user":"v",  "password": "${SECRET_MASK}" }` })).toMatchObject({ version: 2 });
    expect(await failureOf(change({ extra_vars: `{"token":"${SECRET_MASK}"}` }))).toMatchObject({
      code: 'validation',
      fields: { extra_vars: [expect.stringContaining('token')] },
    });
    expect(await failureOf(change({ policy_type: 'folders' }))).toMatchObject({
      fields: {
        extra_vars: [expect.stringContaining('folders'), expect.stringContaining('no variable user, password')],
      },
    });
    await change({ policy_type: 'folders', extra_vars: '{"folders":["/srv"]}' });
    expect(await variables()).toBe('{"folders":["/srv"]}');
    expect(await change({ prehook: SECRET_MASK, posthook: '' })).toMatchObject({ version: 3 });
    await change({ prehook: `echo ${SECRET_MASK}` });
    expect(await secret('prehook')).toBe(`echo ${SECRET_MASK}`);
    expect(await failureOf(change({ posthook: SECRET_MASK }))).toMatchObject({
      fields: { posthook: [expect.stringContaining('No value is stored')] },
    });
  });

  test('records what a preparation found out about a client or a repository', async () => {
    const host = await call(clientCommands.register, client('prepared'));
    await call(clientCommands.recordPreparation, { uuid: host.uuid, version: '1.2.4', ready: true, ip: '192.0.2.7' });
    expect(await rowOf('clients', host)).toMatchObject({ version: '1.2.4', ready: true, ip: '192.0.2.7' });
    await call(clientCommands.change, { uuid: host.uuid, changes: { port: 2200 } });
    expect(await rowOf('clients', host)).toMatchObject({ ready: false });
    const hypervisor = { hypervisor_ready: true, hypervisor_name: 'libvirt 9.0.0' };
    expect(await call(clientCommands.recordHypervisorPreparation, { uuid: host.uuid, ...hypervisor })).toMatchObject({
      version: 4,
    });
    expect(await rowOf('clients', host)).toMatchObject({ ...hypervisor, revision: 4 });

    const place = await call(repositoryCommands.register, repository());
    const found = {
      ...{ ready: true, borg_id: 'ab12', encryption: 'repokey-blake2', initialised: true },
      ...{ own_key: false, key_installed: false },
    };
    await call(repositoryCommands.recordPreparation, { uuid: place.uuid, ...found });
    expect(await rowOf('repositories', place)).toMatchObject({ ready: true, borg_id: 'ab12' });
    expect(await failureOf(call(repositoryCommands.recordPreparation, { uuid: randomUUID(), ...found }))).toMatchObject(
      {
        code: 'not-found',
      },
    );
  });
});

describe('settings and keys', () => {
  test('checks the values of settings by their type, seals secrets, and ignores masks', async () => {
    const change = (name: string, value: string): Promise<ChangeResult> =>
      call(settingsCommands.change, { key: `cyborgbackup_${name}`, value });
    expect(await change('mail_port', ' 587')).toMatchObject({ id: 15 });
    expect(await failureOf(change('mail_port', 'many'))).toMatchObject({ fields: { value: [expect.any(String)] } });
    expect(await failureOf(change('nonsense', 'x'))).toMatchObject({ code: 'not-found' });
    await change('mail_password', 'plain-mail-password');
    await change('mail_password', SECRET_MASK);
    expect(await rowsOf('settings', "key = 'cyborgbackup_mail_port'")).toMatchObject([{ id: 15, value: '587' }]);
    const [secret] = await rowsOf('settings', "key = 'cyborgbackup_mail_password'");
    expect(secret).toMatchObject({ id: 14, value: null });
    const sealed = secret!['secret'];
    expect(isEncrypted(sealed) && (await deps.keys.open(sealed))).toBe('plain-mail-password');
  });

  test('replaces the control plane’s key pair by force only', async () => {
    const ask = { key_type: 'ecdsa', force: false } as const;
    expect(await failureOf(call(settingsCommands.generateSsh, ask))).toMatchObject({ code: 'conflict' });
    const { public_key } = await call(settingsCommands.generateSsh, { ...ask, force: true });
    expect(await rowsOf('ssh_keys', 'true')).toMatchObject([{ public_key, key_type: 'ecdsa' }]);
    expect(
      await failureOf(call(settingsCommands.generateSsh, { key_type: 'rsa', bits: 512, force: true })),
    ).toMatchObject({ code: 'validation', fields: { bits: [expect.any(String)] } });
    expect(
      await failureOf(call(settingsCommands.change, { key: 'cyborgbackup_ssh_key', value: 'no key' })),
    ).toMatchObject({ code: 'validation', fields: { value: [expect.any(String)] } });
  });

  describe('host keys that are pinned beforehand', () => {
    const newKey = async (): Promise<string> => {
      const { publicKey } = await generateKeyPair({ type: 'ed25519', comment: '' });
      return publicKey;
    };
    const pinnedAt = async (host: string, port: number): Promise<string | undefined> => {
      const [row] = await rowsOf('host_keys', 'stream = $1', hostKeyStream(host, port));
      return row && `${String(row['key_type'])} ${String(row['public_key'])}`;
    };

    test('pins the key of a host once, in any spelling of its name, and no other one', async () => {
      const key = await newKey();
      const answer = await call(hostKeyCommands.pin, { host: 'Backup.Example.com:2222', public_key: `${key} root@b` });
      expect(answer).toEqual({ host: 'Backup.Example.com', port: 2222, position: expect.any(String) });
      expect(await call(hostKeyCommands.pin, { host: 'backup.example.com:2222', public_key: key })).toMatchObject({
        position: answer.position,
      });
      expect(await pinnedAt('backup.example.com', 2222)).toBe(key);
      const other = call(hostKeyCommands.pin, { host: 'backup.example.com:2222', public_key: await newKey() });
      expect(await failureOf(other)).toMatchObject({ code: 'conflict', message: expect.stringContaining('forget') });
      await call(hostKeyCommands.pin, { host: '[2001:db8::1]:22', public_key: key });
      expect(await pinnedAt('2001:DB8::1', 22)).toBe(key);
    });

    test('refuses what is no host, and what is no key', async () => {
      const wrong = { host: '-oProxyCommand=x:22', public_key: 'x' };
      expect(await failureOf(call(hostKeyCommands.pin, wrong))).toMatchObject({
        code: 'validation',
        fields: { host: [expect.any(String)], public_key: [expect.any(String)] },
      });
      for (const host of ['nas', 'nas:0', 'nas:70000', '2001:db8::1:22', 'ssh://nas:22']) {
        const refusal = await failureOf(call(hostKeyCommands.pin, { host, public_key: await newKey() }));
        expect(refusal, host).toMatchObject({ code: 'validation', fields: { host: [expect.any(String)] } });
      }
    });

    test('pins the key that comes with a client for the address that it has then', async () => {
      const [key, moved] = [await newKey(), await newKey()];
      const { uuid, position } = await call(clientCommands.register, { ...client('pinned'), host_key: key });
      expect(await pinnedAt('pinned', 22)).toBe(key);
      const answer = await call(clientCommands.change, { uuid, changes: {}, host_key: key });
      expect(answer).toMatchObject({ version: 1, position });
      for (const host_key of [null, '', undefined]) await call(clientCommands.change, { uuid, changes: {}, host_key });
      expect(await pinnedAt('pinned', 22)).toBe(key);
      await call(clientCommands.change, { uuid, changes: { hostname: 'pinned-2', port: 2022 }, host_key: moved });
      expect([await pinnedAt('pinned-2', 2022), await pinnedAt('pinned', 22)]).toEqual([moved, key]);
    });

    test('answers a change of nothing but the pin with the position that shows it', async () => {
      const { uuid, position } = await call(clientCommands.register, client('pinned-later'));
      const answer = await call(clientCommands.change, { uuid, changes: {}, host_key: await newKey() });
      expect(answer.version).toBe(1);
      expect(BigInt(answer.position ?? 0)).toBeGreaterThan(BigInt(position ?? 0));
    });

    test('leaves a client as it is when another key is pinned for its host, and pins nothing for a refused client', async () => {
      const { uuid } = await call(clientCommands.register, { ...client('kept'), host_key: await newKey() });
      const change = { uuid, changes: { ip: '192.0.2.7' }, host_key: await newKey() };
      expect(await failureOf(call(clientCommands.change, change))).toMatchObject({ code: 'conflict' });
      expect(await rowsOf('clients', "hostname = 'kept'")).toMatchObject([{ ip: '', revision: 1 }]);
      await call(hostKeyCommands.forget, { host: 'kept', port: 22 });
      const taken = { ...client('kept'), host_key: await newKey() };
      expect(await failureOf(call(clientCommands.register, taken))).toMatchObject({ code: 'validation' });
      expect(await pinnedAt('kept', 22)).toBeUndefined();
    });

    test('pins the key that comes with a repository for the host in its path', async () => {
      const key = await newKey();
      const fields = { ...repository(), path: 'ssh://borg@Store:2222/srv/b', host_key: key };
      const { uuid } = await call(repositoryCommands.register, fields);
      expect(await pinnedAt('store', 2222)).toBe(key);
      await call(repositoryCommands.change, { uuid, changes: { path: 'borg@store-2:b' }, host_key: key });
      expect(await pinnedAt('store-2', 22)).toBe(key);
    });
  });

  test('forgets a pinned host key once', async () => {
    const place = { host: 'nas.example.com', port: 2222 };
    const pinned = { ...place, key_type: 'ssh-ed25519', fingerprint: 'SHA256:x', public_key: 'AAAA' };
    const event = await deps.codec.encode(
      { type: hostKeyPinned.type, data: pinned },
      { id: randomUUID(), context: systemContext('executor') },
    );
    await deps.store.append(hostKeyStream(place.host, place.port), [event], 'none');
    expect(await rowsOf('host_keys', "host = 'nas.example.com'")).toMatchObject([{ port: 2222 }]);
    expect((await call(hostKeyCommands.forget, place)).position).toMatch(/^\d+$/);
    expect(await call(hostKeyCommands.forget, place)).toEqual({ position: null });
    expect(await rowsOf('host_keys', "host = 'nas.example.com'")).toEqual([]);
  });
});

describe('log-ins', () => {
  const in14Days = (): string => new Date(Date.now() + 14 * 86_400_000).toISOString();
  const open = async (user: string): Promise<{ uuid: string; refresh_id: string }> => {
    const session = { uuid: randomUUID(), refresh_id: randomUUID() };
    await call(sessionCommands.open, { ...session, user, expires_at: in14Days() });
    return session;
  };
  const refresh = (uuid: string, refresh_id: string, next = randomUUID()): Promise<{ user: string }> =>
    call(sessionCommands.refresh, { uuid, refresh_id, next_refresh_id: next, expires_at: in14Days() });

  test('accepts a refresh token once, and ends the whole session when it is used again', async () => {
    const { uuid: owner } = await call(userCommands.register, user('session@x.org'));
    const session = await open(owner);
    const next = randomUUID();
    expect(await refresh(session.uuid, session.refresh_id, next)).toMatchObject({ user: owner });
    expect(await refresh(session.uuid, session.refresh_id, next)).toMatchObject({ user: owner }); // delivered twice
    expect(await failureOf(refresh(session.uuid, session.refresh_id))).toMatchObject({ code: 'unauthenticated' });
    expect(await failureOf(refresh(session.uuid, next))).toMatchObject({ code: 'unauthenticated' });
    expect(await rowOf('sessions', session)).toMatchObject({ revoked: true });
    expect(await call(sessionCommands.revoke, { uuid: randomUUID() })).toEqual({ position: null });
  });

  test('ends all sessions of one user at once, and no other ones', async () => {
    const { uuid: owner } = await call(userCommands.register, user('everywhere@x.org'));
    const { uuid: other } = await call(userCommands.register, user('elsewhere@x.org'));
    const [one, two, foreign] = [await open(owner), await open(owner), await open(other)];
    await call(sessionCommands.revoke, { uuid: one.uuid });
    const third = await open(owner);
    expect(await call(sessionCommands.revokeAll, { user: owner })).toMatchObject({ revoked: 2 });
    for (const session of [one, two, third]) expect(await rowOf('sessions', session)).toMatchObject({ revoked: true });
    expect(await rowOf('sessions', foreign)).toMatchObject({ revoked: false });
    expect(await call(sessionCommands.revokeAll, { user: owner })).toEqual({ revoked: 0, position: null });
  });

  test('removes the row of a session that expired more than a day ago', async () => {
    const { uuid: owner } = await call(userCommands.register, user('expired@x.org'));
    const session = await open(owner);
    const forget = (days: number): Promise<number> =>
      forgetExpired({
        ...inventoryDeps(deps),
        clock: { ...systemClock, now: () => Date.now() + days * 24 * 60 * 60_000 },
      });
    await rowOf('sessions', session);
    expect(await forget(14.5)).toBe(0);
    expect(await forget(15.5)).toBeGreaterThan(0);
    expect(await rowsOf('sessions', 'uuid = $1', session.uuid)).toEqual([]);
    expect(await failureOf(refresh(session.uuid, session.refresh_id))).toMatchObject({ code: 'unauthenticated' });
  });

  test('ends the sessions that were opened before a password changed, and only those', async () => {
    const { uuid: owner } = await call(userCommands.register, user('password@x.org'));
    const before = await open(owner);
    const { credentials_changed_at: since } = await rowOf('users', { uuid: owner });
    await call(userCommands.change, { uuid: owner, changes: {}, password_hash: '$scrypt$another' });
    const after = await open(owner);
    expect(await rowOf('sessions', before)).toMatchObject({ revoked: true });
    expect(await failureOf(refresh(before.uuid, before.refresh_id))).toMatchObject({ code: 'unauthenticated' });
    expect(await refresh(after.uuid, after.refresh_id)).toMatchObject({ user: owner });
    expect((await rowOf('users', { uuid: owner }))['credentials_changed_at']).not.toEqual(since);

    await call(userCommands.remove, { uuid: owner });
    expect(await rowOf('sessions', after)).toMatchObject({ revoked: true });
    expect(await failureOf(refresh(after.uuid, after.refresh_id))).toMatchObject({ code: 'unauthenticated' });
  });

  test('records failed log-ins and reset tokens, and with which token a new password was chosen', async () => {
    const { uuid: owner } = await call(userCommands.register, user('reset@x.org'));
    await call(sessionCommands.recordFailures, { user: owner, failures: 1 });
    await call(sessionCommands.recordFailures, { user: null, failures: 7 });
    const token = randomUUID();
    await call(userCommands.recordPasswordReset, { user: owner, token, expires_at: '2026-12-01T00:00:00Z' });
    const before = await rowOf('users', { uuid: owner });
    const change = { uuid: owner, changes: {}, password_hash: '$scrypt$reset', reset_token: token };
    await call(userCommands.change, { ...change, expected_version: Number(before['revision']) });
    const { rows } = await admin.query(
      `select type, data::jsonb - 'password_hash' as data from events.events
        where stream in ('session-failures-unknown', 'session-failures-' || $1, 'user-password-resets-' || $1, 'user-' || $1)
          and type <> 'user-registered' order by position`,
      [owner],
    );
    expect(rows).toEqual([
      { type: 'log-in-failed', data: { user: owner, failures: 1 } },
      { type: 'log-in-failed', data: { user: null, failures: 7 } },
      { type: 'password-reset-issued', data: { user: owner, token, expires_at: '2026-12-01T00:00:00Z' } },
      { type: 'user-password-changed', data: { uuid: owner, reset_token: token } },
    ]);
  });

  test('makes a personal token once, records its use once an hour, and revokes it', async () => {
    const { uuid: owner } = await call(userCommands.register, user('token@x.org'));
    const command = {
      ...created(),
      user: owner,
      name: 'cron',
      scope: 'read',
      expires_at: null,
      token_hash: randomBytes(32).toString('hex'),
    } as const;
    const made = await call(apiTokenCommands.create, command);
    expect(await call(apiTokenCommands.create, command)).toEqual(made);
    expect(await rowOf('api_tokens', made)).toMatchObject({ id: made.id, last_used: null, revoked: false });
    expect((await call(apiTokenCommands.recordUse, { uuid: made.uuid })).position).toMatch(/^\d+$/);
    expect((await rowOf('api_tokens', made))['last_used']).toBeInstanceOf(Date);
    expect(await call(apiTokenCommands.recordUse, { uuid: made.uuid })).toEqual({ position: null });
    await call(apiTokenCommands.revoke, { uuid: made.uuid });
    expect(await rowOf('api_tokens', made)).toMatchObject({ revoked: true, revision: 2 });
  });
});

describe('executors', () => {
  const executor = 'executor-1';
  const login = { user: 'root', private_key: expect.stringContaining('PRIVATE KEY') };
  const hooks = { extra_vars: '{"password":"s3cret-0815"}', prehook: 'unlock s3cret-0815', posthook: '' };
  const snapshot = {
    ...{ id: 1, name: 'p', policy_type: 'mysql', vmprovider: '', mode_pull: false, ...POLICY_DEFAULTS },
    ...{ keep_hourly: null, keep_daily: null, keep_weekly: null, keep_monthly: null, keep_yearly: null },
  };
  let place: ChangeResult;
  /** As all that append to the streams of a job. */
  let others: ServiceDeps;

  const append = async (stream: string, event: DomainEvent, occurredAt = isoMicros()): Promise<void> => {
    const encoded = await others.codec.encode(event, {
      id: eventId(randomUUID(), stream, 0),
      context: systemContext('test'),
    });
    await others.store.append(stream, [{ ...encoded, metadata: { ...encoded.metadata, occurredAt } }], 'any');
  };

  /** A job that the scheduler granted and that runs on the executor as its second attempt. */
  const startJob = async (job_type = 'job', task: string | null = null): Promise<string> => {
    const [job, run] = [randomUUID(), randomUUID()];
    const policy = { ...snapshot, uuid: randomUUID() };
    const repository = { id: place.id, uuid: place.uuid, name: 'Main', path: 'borg@nas:/srv/repo' };
    const planned = { id: 1, uuid: job, name: 'j', job_type: 'job', launch_type: 'manual', client: null, needs: [] };
    const jobs = [{ ...planned, archive_name: 'a', master_job: null }];
    const request = { uuid: run, policy, repository, schedule: null, due_at: null, ...hooks, jobs };
    await append(`run-${run}`, { type: 'run-requested', data: request });
    await append(`job-${job}`, { type: 'job-started', data: { job, run, attempt: 2, executor } });
    await admin.query('insert into scheduler.jobs values ($1, $2, $3, $4)', [job, run, job_type, task]);
    await admin.query('insert into scheduler.grants values ($1)', [job]);
    return job;
  };

  /** As an executor asks, which acts for nobody. */
  const ask = <Call extends Rpc>(rpc: Call, payload: z.input<Call['input']>): Promise<RpcOutput<Call>> =>
    deps.rpc.call(rpc.subject, payload, { schema: rpc.output }) as Promise<RpcOutput<Call>>;

  const readsOf = async (job: string): Promise<unknown[]> => {
    const events = [];
    for await (const { type, data } of deps.store.readStream('secret-reads')) {
      if ((data as { job: string }).job === job) events.push({ type, data });
    }
    return events;
  };

  beforeAll(async () => {
    others = await newDeps('test');
    place = await call(repositoryCommands.register, repository());
    await admin.query(`
      create schema scheduler;
      create table scheduler.jobs (uuid uuid, run uuid, job_type text, task text, restore text);
      create table scheduler.grants (job uuid);
      grant usage on schema scheduler to public;
      grant select on scheduler.jobs, scheduler.grants to public;
      insert into projections.checkpoints (name, version, position) values ('scheduler', 1, 1000000000)`);
  });

  afterAll(() => others?.close());

  test('are given what a job needs, once that is recorded', async () => {
    const job = await startJob();
    expect(await ask(secretCommands.readForJob, { job, attempt: 2, executor })).toEqual({
      repository: {
        ...{ uuid: place.uuid, id: place.id, passphrase: 'plain-passphrase-4711', takes_own_key: false },
        remote_path: 'borg',
        encryption: '',
        own_key: {
          public_key: expect.stringContaining('ssh-ed25519'),
          private_key: expect.stringContaining('PRIVATE KEY'),
        },
      },
      login,
      ...hooks,
    });
    const given = ['repository', 'login', 'extra_vars', 'prehook', 'posthook'];
    const data = { job, attempt: 2, executor, repository: place.uuid, given };
    expect(await readsOf(job)).toEqual([{ type: 'job-secrets-read', data }]);
  });

  test('are given no more than a job needs', async () => {
    const job = await startJob('check', 'hypervisor');
    expect(await ask(secretCommands.readForJob, { job, attempt: 2, executor })).toEqual({
      ...{ repository: null, login, extra_vars: null, prehook: null, posthook: null },
    });
    expect(await readsOf(job)).toMatchObject([{ data: { repository: null, given: ['login'] } }]);
  });

  test.each<[string, (job: string) => Promise<unknown>, object]>([
    ['another attempt', () => Promise.resolve(), { attempt: 1 }],
    ['the attempt of another executor', () => Promise.resolve(), { executor: 'executor-2' }],
    ['a job that is not there', () => Promise.resolve(), { job: randomUUID() }],
    [
      'a job that has ended',
      (job) => append(`job-${job}`, { type: 'job-canceled', data: { job, attempt: 2, reason: 'x' } }),
      {},
    ],
    ['a job that is not granted', (job) => admin.query('delete from scheduler.grants where job = $1', [job]), {}],
  ])('are given nothing for %s', async (_what, change, asked) => {
    const job = await startJob();
    await change(job);
    const refused = await failureOf(ask(secretCommands.readForJob, { ...{ job, attempt: 2, executor }, ...asked }));
    expect([refused, await readsOf(job)]).toMatchObject([{ code: 'forbidden' }, []]);
  });

  test('are given what opens a repository when a user has asked for content, and for a quarter of an hour', async () => {
    const job = randomUUID();
    const content = { job, archive: 'a', repository: place.uuid, kind: 'file', paths: ['x'], range: null } as const;
    const { read } = await call(secretCommands.recordContentRead, content);
    const reads = `archive-reads-${job}`;
    for await (const { metadata, data } of deps.store.readStream(reads)) {
      expect([metadata.actor, data]).toEqual([{ kind: 'user', id: ADMIN_ACTOR }, content]);
    }
    const opened = await ask(secretCommands.readForContent, { job, read });
    expect(opened).toMatchObject({ repository: { uuid: place.uuid }, login, extra_vars: null, prehook: null });
    const data = { job, read, repository: place.uuid, given: ['repository', 'login'] };
    expect(await readsOf(job)).toEqual([{ type: 'content-secrets-read', data }]);
    const long = new Date(Date.now() - 16 * 60_000).toISOString().replace('Z', '000Z');
    await append(reads, { type: 'archive-content-read', data: content }, long);
    for (const unasked of [
      { job, read: read + 1 },
      { job, read: read + 2 },
      { job: randomUUID(), read },
    ]) {
      expect(await failureOf(ask(secretCommands.readForContent, unasked))).toMatchObject({ code: 'forbidden' });
    }
  });
});

describe('the log', () => {
  test('keeps no secret in clear in the log, nor in any table', async () => {
    const { rows: tables } = await admin.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const secrets = [
      'plain-passphrase',
      'another-key-4711',
      's3cret-0815',
      'plain-mail-password',
      'PRIVATE KEY',
      '$scrypt$',
    ];
    for (const { name } of tables) {
      for (const secret of secrets) {
        const { rows } = await admin.query(`select 1 from ${name} as t where position($1 in t::text) > 0`, [secret]);
        expect(rows, `${secret} in ${name}`).toEqual([]);
      }
    }
    expect(tables.map(({ name }) => name)).toContain('events.log');
  });

  test('rebuilds the tables from the log byte for byte, and parks no event', async () => {
    await rowsOf('users', 'true');
    const { pool, store, codec } = deps;
    const comparison = await compareProjection({
      ...{ pool, store, codec, logger, owner: randomUUID() },
      projection: inventoryProjection,
      signal: new AbortController().signal,
    });
    expect(comparison).toMatchObject({ parked: 0, differences: [] });
    expect(comparison.rows).toBeGreaterThan(20);
  });
});
