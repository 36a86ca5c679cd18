import { createTestDatabase, type TestDatabase } from '@cyborgbackup/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';

describe('migrate', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database[Symbol.asyncDispose]();
  });

  it('applies each migration once, in order, all or none', async () => {
    const first = { name: '0001-a', sql: 'create table s.a (n int); insert into s.a values (1)' };
    const broken = { name: '0002-b', sql: 'insert into s.a values (2); select 1 / 0' };
    const second = { name: '0002-b', sql: 'insert into s.a values (2)' };
    await migrate(client, 's', [first]);
    await expect(migrate(client, 's', [first, broken])).rejects.toThrow(/division/);
    await migrate(client, 's', [first, second]);
    await migrate(client, 's', [first, second]);
    expect((await client.query('select n from s.a order by n')).rows).toEqual([{ n: 1 }, { n: 2 }]);
    // An older program leaves what it does not know alone.
    await migrate(client, 's', [first]);
    await expect(migrate(client, 's', [{ ...first, sql: `${first.sql} ` }])).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('runs a repeated migration each time, however it reads', async () => {
    const table = { name: '0001-a', sql: 'create table r.a (n int)' };
    const insert = (n: number): string => `insert into r.a values (${n})`;
    await migrate(client, 'r', [table, { name: 'grants', sql: insert(1), isRepeated: true }]);
    await migrate(client, 'r', [table, { name: 'grants', sql: insert(2), isRepeated: true }]);
    expect((await client.query('select n from r.a order by n')).rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('refuses a schema name that would have to be quoted', async () => {
    await expect(migrate(client, 's; drop', [])).rejects.toThrow(TypeError);
  });
});
