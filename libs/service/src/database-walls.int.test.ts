import { asService, openPool, serviceRole } from '@cyborgbackup/database';
import { createSubjectKeys } from '@cyborgbackup/event-store';
import { createLogger, type EncryptedValue, type ServiceName } from '@cyborgbackup/kernel';
import { defineProjection, defineReadModel, ensureProjection } from '@cyborgbackup/projections';
import { defineTable } from '@cyborgbackup/projections/define';
import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOG_ACCESS } from './log-access.ts';
import { prepareDatabase } from './prepare-database.ts';

/* What somebody can do in the database who has taken over one service: docs/threat-model.md quotes these tests. */

const logger = createLogger('test', 'silent');
let database: TestDatabase;
const pools = new Map<ServiceName, pg.Pool>();
const masterKey = randomBytes(32);
const USER = `user-${randomUUID()}`;

/** Sessions as of a login that is the service's role, as in containers. */
const as = (service: ServiceName): pg.Pool => {
  const known = pools.get(service);
  if (known) return known;
  const verify: pg.PoolConfig['verify'] = (client, done) => {
    client.query(`set session authorization ${serviceRole(service)}`).then(() => done(), done);
  };
  const pool = openPool({ connectionString: database.adminUrl, max: 1, verify }, logger);
  pools.set(service, pool);
  return pool;
};
const keysOf = (service: ServiceName) => createSubjectKeys({ pool: as(service), masterKey });

const things = defineTable('things', { columns: { id: 'int4', name: 'text' }, key: ['id'] });
const projectionOf = (name: ServiceName) =>
  defineProjection({ name, version: 1, models: [defineReadModel<object, never>(things)] });

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareDatabase(database.adminUrl);
  for (const owner of ['catalog', 'inventory'] as const) {
    const pool = openPool({ connectionString: database.url, options: asService(owner), max: 2 }, logger);
    await ensureProjection(pool, projectionOf(owner));
    await pool.end();
  }
});
afterAll(async () => {
  await Promise.all([...pools.values()].map((pool) => pool.end()));
  await database?.[Symbol.asyncDispose]();
});

/** A type of which the service may append events. */
const typeOf = (service: ServiceName): string =>
  LOG_ACCESS.find((access) => access.service === service)?.types[0] ?? 'none';

/** The arguments of an append of one event to each of the streams, past the event store. */
const batchOf = (actor: string, type: string, ...streams: readonly string[]): unknown[] => {
  const each = <T>(value: T): T[] => streams.map(() => value);
  const ids = streams.map(() => randomUUID());
  return [
    ...[streams, each(-1), each(1), ids, each(type), each(1), each('{}'), each(Buffer.from('x'))],
    ...[each(actor), ids, each('2026-01-02T03:04:05Z'), each('{}')],
  ];
};
const APPEND = 'select * from events.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)';

const append = (service: ServiceName, actor: string, ...streams: readonly string[]): Promise<unknown> =>
  as(service).query(APPEND, batchOf(actor, typeOf(service), ...streams));
const bySystem = 'executor';
const byUser = `user:${randomUUID()}`;

describe('appends', () => {
  test.each<[ServiceName, string]>([
    ['executor', USER],
    ['executor', 'job-grants'],
    ['executor', `run-${randomUUID()}`],
    ['scheduler', `job-output-${randomUUID()}`],
    ['scheduler', 'superusers'],
    ['catalog', `job-${randomUUID()}`],
    ['inventory', `job-${randomUUID()}`],
  ])('the %s may not append to %s, also among streams of its own', async (service, stream) => {
    await expect(append(service, bySystem, stream)).rejects.toThrow(
      `The role ${serviceRole(service)} may not append to the stream ${stream}`,
    );
    await expect(append('executor', bySystem, `job-${randomUUID()}`, 'settings')).rejects.toThrow(
      'the stream settings',
    );
  });

  test.each<[ServiceName, string]>([
    ['executor', `job-${randomUUID()}`],
    ['executor', `job-output-${randomUUID()}`],
    ['scheduler', 'job-grants'],
    ['catalog', `catalog-${randomUUID()}`],
  ])('the %s may append to %s, but not say that a user does', async (service, stream) => {
    const refusal = `The role ${serviceRole(service)} may not say that a user acts in the stream ${stream}`;
    await expect(append(service, byUser, stream)).rejects.toThrow(refusal);
    await append(service, bySystem, stream);
  });

  test('a service that does what users ask for says which', async () => {
    await append('inventory', byUser, USER, 'settings');
    await append('scheduler', byUser, `run-${randomUUID()}`);
    await append('executor', byUser, 'host-key-example.org:22');
  });
});

/* Whoever reads the log goes by the types of events, and not by their streams. */
describe('types of events', () => {
  const job = `job-${randomUUID()}`;

  test.each<[ServiceName, string, string]>([
    ['executor', 'api-token-created', job],
    ['executor', 'user-changed', job],
    ['executor', 'job-granted', job],
    ['executor', 'job-cancel-requested', job],
    ['executor', 'host-key-forgotten', 'host-key-example.org:22'],
    ['catalog', 'user-registered', `catalog-${randomUUID()}`],
    ['scheduler', 'job-succeeded', job],
    ['scheduler', 'setting-changed', 'job-grants'],
    ['inventory', 'job-granted', USER],
  ])('the %s may not append the type %s, in a stream of its own either', async (service, type, stream) => {
    await expect(as(service).query(APPEND, batchOf(bySystem, type, stream))).rejects.toThrow(
      `The role ${serviceRole(service)} may not append events of the type ${type}`,
    );
  });

  test('a batch with one of another service is refused as a whole', async () => {
    const batch = batchOf(bySystem, 'job-started', job, `job-${randomUUID()}`);
    await expect(as('executor').query(APPEND, batch.with(4, ['job-started', 'user-changed']))).rejects.toThrow(
      'the type user-changed',
    );
    await expect(as('executor').query(APPEND, batch.with(4, ['job-started', null]))).rejects.toThrow('of the type');
  });
});

/* Elements are checked by their numbers, so all arrays have to be numbered alike. */
test.each<[string, number, string]>([
  ['who acts', 8, '[5:5]={user:x}'],
  ['who acts, as a table', 8, '{{user:x}}'],
  ['streams', 0, `[0:0]={job-${randomUUID()}}`],
  ['types', 4, '[2:2]={job-started}'],
  ['counts', 2, '{1,NULL}'],
  ['nothing', 7, '{}'],
])('an array of %s that is not a list from 1 on is refused', async (_, argument, text) => {
  const batch = batchOf(bySystem, 'job-started', `job-${randomUUID()}`);
  await expect(as('executor').query(APPEND, batch.with(argument, text))).rejects.toMatchObject({ code: '22023' });
});

/* One event that no reader can hold would stop all of them for ever. */
test.each<[string, string]>([
  ['a name of a stream', `array['host-key-' || repeat('x', 200) || ':22'], '{}', 'executor', '{}'`],
  ['data', `array['job-${randomUUID()}'], to_json(repeat('x', 50400000)), 'executor', '{}'`],
  ['an actor', `array['job-${randomUUID()}'], '{}', repeat('x', 66000), '{}'`],
  ['metadata', `array['job-${randomUUID()}'], '{}', 'executor', json_build_object('x', repeat('x', 66000))`],
])('%s without bounds is refused', async (_, parts) => {
  const sql = `select events.append(p.streams, '{-1}', '{1}', array[gen_random_uuid()], '{job-started}', '{1}', array[p.data::json], '{x}',
                                    array[p.actor], array[gen_random_uuid()], array[now()], array[p.metadata::json])
    from (select ${parts}) as p(streams, data, actor, metadata)`;
  await expect(as('executor').query(sql)).rejects.toMatchObject({ code: '54000' });
});

test.each<[ServiceName, string]>([
  ['gateway', `select events.append('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`],
  ['inventory', `update events.log set data = '{}'`],
  ['inventory', 'delete from events.log'],
  ['inventory', 'delete from events.streams'],
  ['executor', `insert into events.writers values ('cyborgbackup_executor', '.*', true)`],
  ['executor', `insert into keys.readers values ('cyborgbackup_executor', '.*')`],
  ['executor', `select events.refuse_others('{}', '{}', '{}', '{}')`],
  ['executor', `select keys.erase('${USER}')`],
  ['gateway', `select keys.erase('${USER}')`],
  ['inventory', 'update keys.subject_keys set wrapped_key = null, erased_at = now()'],
  ['inventory', 'delete from keys.subject_keys'],
  ['executor', 'select * from catalog.things'],
  ['executor', 'truncate catalog.things'],
  ['gateway', 'delete from catalog.things'],
  ['gateway', `update inventory.things set name = 'mine'`],
  ['gateway', 'create table catalog.mine (n int)'],
  ['executor', 'drop schema catalog cascade'],
  ['executor', `select projections.create_schema('catalog_rebuild')`],
  ['executor', `select projections.retire_schema('catalog')`],
  ['executor', `select projections.drop_schema('catalog')`],
  ['executor', `select projections.publish_schema('executor_rebuild', 'catalog')`],
  ['executor', `select projections.publish_schema('catalog_rebuild', 'executor')`],
  ['executor', `select projections.analyze_table('catalog', 'things')`],
  ['executor', `select projections.create_schema('executor')`],
  ['catalog', 'create table catalog.mine (n int)'],
  ['catalog', 'create view catalog.mine as select 1'],
  ['catalog', `create function catalog.mine() returns int language sql return 1`],
  ['catalog', 'alter table catalog.things enable row level security'],
  ['catalog', 'create policy mine on catalog.things using (true)'],
  ['catalog', 'create rule mine as on insert to catalog.things do instead nothing'],
  ['catalog', 'alter table catalog.things rename to others'],
  ['catalog', 'drop table catalog.things'],
  ['catalog', 'create trigger mine before insert on catalog.things execute function events.refuse_change()'],
  ['gateway', `select projections.create_schema('gateway_rebuild')`],
  ['executor', 'create schema cyborgbackup_inventory'],
  ['executor', 'delete from projections.checkpoints'],
  ['gateway', 'update projections.checkpoints set position = 0'],
  ['executor', `insert into projections.checkpoints (name, version) values ('scheduler_leader', 1)`],
  ['executor', `insert into projections.parked_events values ('catalog', 1, 's', 't', 'e')`],
  ['executor', `select nextval('ids.user')`],
  ['executor', 'create table gateway.mine (n int)'],
  ['executor', 'set role cyborgbackup_inventory'],
])('the %s may not: %s', async (service, sql) => {
  await expect(as(service).query(sql)).rejects.toMatchObject({ code: '42501' });
});

test('nobody moves the checkpoint of another, or takes his lease', async () => {
  const move = `update projections.checkpoints set position = position + 1, owner = 'thief' where name = 'catalog'`;
  for (const service of ['inventory', 'scheduler', 'executor'] as const)
    expect((await as(service).query(move)).rowCount).toBe(0);
  expect((await as('catalog').query(move)).rowCount).toBe(1);
});

test('functions of a service that are called as those of PostgreSQL decide nothing', async () => {
  const executor = as('executor');
  await executor.query(`select projections.create_schema('executor_rebuild')`);
  await executor.query(
    'create function executor_rebuild.pg_has_role(name, oid, text) returns boolean language sql return true',
  );
  await executor.query('set search_path = executor_rebuild, pg_catalog');
  const move = `update projections.checkpoints set owner = 'thief' where name = 'catalog'`;
  expect((await executor.query(move).finally(() => executor.query('reset search_path'))).rowCount).toBe(0);
});

/* Who reads a view or a table with a policy runs, with his own rights, what its maker has put there. */
describe('tables that others read', () => {
  const build = async (...statements: readonly string[]): Promise<void> => {
    const scheduler = as('scheduler');
    await scheduler.query(`select projections.drop_schema('scheduler_rebuild')`);
    await scheduler.query(`select projections.create_schema('scheduler_rebuild')`);
    for (const statement of statements) await scheduler.query(statement);
  };
  const publish = () => as('scheduler').query(`select projections.publish_schema('scheduler_rebuild', 'scheduler')`);
  const made = 'create function scheduler_rebuild.f(int) returns int immutable language sql return 1';
  const table = 'create table scheduler_rebuild.jobs (id int, name text)';

  test.each<[string, ...string[]]>([
    ['row level security', table, 'alter table scheduler_rebuild.jobs enable row level security'],
    ['a policy', table, 'create policy p on scheduler_rebuild.jobs using (scheduler_rebuild.f(id) = 1)'],
    ['a rule', table, 'create rule r as on delete to scheduler_rebuild.jobs do instead nothing'],
    ['an index of a function', table, 'create index on scheduler_rebuild.jobs (scheduler_rebuild.f(id))'],
    ['a check', table, 'alter table scheduler_rebuild.jobs add check (scheduler_rebuild.f(id) = 1)'],
    ['a default', table, 'alter table scheduler_rebuild.jobs alter id set default scheduler_rebuild.f(1)'],
    ['a child', table, 'create table scheduler_rebuild.child () inherits (scheduler_rebuild.jobs)'],
    [
      'a type',
      'create domain scheduler_rebuild.d as int',
      'create table scheduler_rebuild.jobs (id scheduler_rebuild.d)',
    ],
    ['statistics', table, 'create statistics scheduler_rebuild.s on (id + 1), (id + 2) from scheduler_rebuild.jobs'],
  ])('are not published with %s', async (_, ...statements) => {
    await build(made, ...statements);
    await expect(publish()).rejects.toMatchObject({ code: '42501' });
  });

  test('are all that is published, and belong to the owner of the database', async () => {
    const view = `create view scheduler_rebuild.grants as select current_user as name`;
    await build(made, table, view, 'grant all on scheduler_rebuild.jobs to public');
    await publish();
    await expect(as('gateway').query('select * from scheduler.grants')).rejects.toMatchObject({ code: '42P01' });
    await as('scheduler').query(`insert into scheduler.jobs values (1, 'a')`);
    expect((await as('gateway').query('select * from scheduler.jobs')).rows).toEqual([{ id: 1, name: 'a' }]);
    await expect(as('executor').query('delete from scheduler.jobs')).rejects.toMatchObject({ code: '42501' });
    for (const statement of [
      'create view scheduler.grants as select 1',
      'create policy p on scheduler.jobs using (true)',
      'alter table scheduler.jobs rename to others',
    ]) {
      await expect(as('scheduler').query(statement)).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('keys', () => {
  let password: EncryptedValue;
  let sshKey: EncryptedValue;
  beforeAll(async () => {
    password = await keysOf('inventory').seal(USER, '$scrypt$');
    sshKey = await keysOf('inventory').seal('settings', 'PRIVATE KEY');
  });

  test('the master key does not open what a service has no need for', async () => {
    for (const service of ['scheduler', 'executor', 'catalog'] as const)
      await expect(keysOf(service).open(password)).rejects.toThrow('is missing');
    for (const service of ['gateway', 'scheduler', 'executor', 'catalog'] as const)
      await expect(keysOf(service).open(sshKey)).rejects.toThrow('is missing');
    expect(await keysOf('gateway').open(password)).toBe('$scrypt$');
    expect(await keysOf('inventory').open(sshKey)).toBe('PRIVATE KEY');
  });

  test('a service makes no key for what it has no need for', async () => {
    await expect(keysOf('executor').seal(`policy-${randomUUID()}`, 'x')).rejects.toMatchObject({ code: '42501' });
    await expect(keysOf('catalog').seal('settings', 'x')).rejects.toMatchObject({ code: '42501' });
  });

  test('the inventory erases a user, and the addresses that others have recorded of him', async () => {
    const address = await keysOf('scheduler').seal(`address-${USER}`, '192.0.2.7');
    await keysOf('inventory').erase(USER);
    expect(await keysOf('inventory').open(address)).toBeUndefined();
    expect(await keysOf('gateway').open(password)).toBeUndefined();
  });
});
