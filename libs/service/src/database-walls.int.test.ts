import { asService, openPool, serviceRole } from '@cyborgbackup/database';
import { createSubjectKeys } from '@cyborgbackup/event-store';
import { createLogger, type EncryptedValue, type ServiceName } from '@cyborgbackup/kernel';
import { defineProjection, defineReadModel, ensureProjection } from '@cyborgbackup/projections';
import { defineTable } from '@cyborgbackup/projections/define';
import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

/** One event to each of the streams, past the event store. */
const append = (service: ServiceName, actor: string, ...streams: readonly string[]): Promise<unknown> => {
  const each = <T>(value: T): T[] => streams.map(() => value);
  const ids = streams.map(() => randomUUID());
  return as(service).query('select * from events.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)', [
    ...[streams, each(-1), each(1), ids, each('forged'), each(1), each('{}'), each(Buffer.from('x'))],
    ...[each(actor), ids, each('2026-01-02T03:04:05Z'), each('{}')],
  ]);
};
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

test.each<[ServiceName, string]>([
  ['gateway', `select events.append('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`],
  ['inventory', `update events.log set data = '{}'`],
  ['inventory', 'delete from events.log'],
  ['inventory', 'delete from events.streams'],
  ['executor', `insert into events.writers values ('cyborgbackup_executor', '.*', true)`],
  ['executor', `insert into keys.readers values ('cyborgbackup_executor', '.*')`],
  ['executor', `select events.refuse_others('{}', '{}', '{}')`],
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
  ['executor', `select projections.rename_schema('catalog', 'executor')`],
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
