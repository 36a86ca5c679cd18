import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sampleEvents, sampleStream } from '../testing/sample-events.ts';
import { openTestStore, type TestStore } from '../testing/test-store.ts';
import { verifyLog, verifyStream } from '../port/verify.ts';
import { verifyHeads } from './postgres-event-store.ts';

const CHANGES = [
  `update events.log set data = '{}'`,
  'delete from events.log',
  'truncate events.log',
  'truncate events.log, events.streams',
  'delete from events.streams',
  'update events.streams set version = 1',
  `update events.streams set stream = 'other'`,
];

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  await test.store.append(sampleStream(), sampleEvents(3), 'none');
});
afterAll(() => test[Symbol.asyncDispose]());

describe('the application role', () => {
  it.each([
    ...CHANGES,
    `insert into events.log select 99, now(), now(), 1, 99, 1, id, id, type, actor, hash, '{}', data from events.log limit 1`,
    `insert into events.streams (stream, version, last_hash) values ('other', 1, '')`,
    `select nextval('events.positions')`,
    `select setval('events.positions', 1)`,
    'alter table events.log disable trigger all',
    'drop table events.log',
    'create table events.mine (n int)',
    'delete from keys.subject_keys',
    'truncate keys.subject_keys',
  ])('the application role may not: %s', async (sql) => {
    await expect(test.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  it('the application role may read', async () => {
    expect((await test.pool.query('select from events.events, events.streams')).rowCount).toBe(3);
  });
});

describe('the superuser', () => {
  it.each(CHANGES)('the superuser is refused: %s', async (sql) => {
    await expect(test.admin.query(sql)).rejects.toThrow(/append-only/);
  });

  it('the superuser is refused also as a replica', async () => {
    const client = await test.admin.connect();
    await client.query('set session_replication_role = replica');
    await expect(client.query('delete from events.log')).rejects.toThrow(/append-only/);
    client.release(true);
  });
});

describe('tampering with the triggers off', () => {
  let tampered: TestStore;
  let stream: string;

  const tamper = async (sql: string): Promise<void> => {
    const change = async (client: pg.PoolClient): Promise<void> => {
      await client.query('begin; alter table events.log disable trigger all');
      await client.query(sql.replaceAll('$stream', `(select id from events.streams where stream = '${stream}')`));
      await client.query('alter table events.log enable trigger all; commit');
    };
    const client = await tampered.admin.connect();
    await change(client).finally(() => client.release());
  };

  beforeAll(async () => {
    tampered = await openTestStore();
  });
  afterAll(() => tampered[Symbol.asyncDispose]());
  beforeEach(async () => {
    stream = sampleStream();
    await tampered.store.append(stream, sampleEvents(2), 'none');
    await tampered.store.append(stream, sampleEvents(2), 2);
  });

  it('finds no tampering where there is none', async () => {
    expect(await verifyLog(tampered.store)).toMatchObject({ intact: true });
    expect(await verifyHeads(tampered.admin)).toEqual([]);
  });

  it.each([
    [2, 'altered', `update events.log set data = '{"n":9}' where stream_id = $stream and version = 2`],
    [3, 'altered', `update events.log set metadata = '{"sourceAddress":1}' where stream_id = $stream and version = 3`],
    [3, 'altered', `update events.log set actor = 'other' where stream_id = $stream and version = 3`],
    [2, 'altered', `update events.log set correlation = id where stream_id = $stream and version = 2`],
    [1, 'altered', `update events.log set occurred_at = recorded_at where stream_id = $stream and version = 1`],
    [1, 'altered', `update events.log set type = 'other' where stream_id = $stream and version = 1`],
    [4, 'altered', `update events.log set hash = sha256('x') where stream_id = $stream and version = 4`],
    [3, 'missing', `delete from events.log where stream_id = $stream and version = 2`],
    [2, 'missing', `delete from events.log where stream_id = $stream and version = 1`],
  ])('tampering is found at version %i (%s)', async (version, reason, sql) => {
    await tamper(sql);
    const verification = { intact: false, stream, version, reason: expect.stringContaining(reason) };
    expect(await verifyStream(tampered.store, stream)).toMatchObject(verification);
    // The log's first broken link may be that of a test before this one.
    expect(await verifyLog(tampered.store)).toMatchObject({ intact: false });
  });

  it.each([
    [`delete from events.log where stream_id = $stream and version = 4`],
    [`delete from events.log where stream_id = $stream`],
  ])('tampering with the end of a stream is found by the heads: %s', async (sql) => {
    await tamper(sql);
    expect(await verifyStream(tampered.store, stream)).toMatchObject({ intact: true });
    expect(await verifyHeads(tampered.admin)).toContain(stream);
  });
});
