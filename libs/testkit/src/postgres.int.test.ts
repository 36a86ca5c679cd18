import { asService, serviceRole } from '@cyborgbackup/database';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase } from './postgres.ts';

const query = async (url: string, sql: string, options?: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url, ...(options === undefined ? {} : { options }) });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

test('a test database is a fresh one, and gone after disposal even with a client connected', async () => {
  const database = await createTestDatabase();
  await using other = await createTestDatabase();
  await query(database.adminUrl, 'create table t (n int)');
  await expect(query(other.adminUrl, 'select * from t')).rejects.toThrow(/does not exist/);

  const lingering = new pg.Client({ connectionString: database.adminUrl });
  const cutOff = new Promise((resolve) => lingering.on('error', () => undefined).once('end', resolve));
  await lingering.connect();
  await database[Symbol.asyncDispose]();
  await cutOff;
  await expect(query(database.adminUrl, 'select 1')).rejects.toThrow(/does not exist/);
});

test('services log in without any right of their own and act as the role of a service', async () => {
  await using database = await createTestDatabase();
  const who = `select current_user::text as name, rolsuper as super from pg_roles where rolname = current_user`;
  expect(await query(database.url, who, asService('catalog'))).toEqual([
    { name: serviceRole('catalog'), super: false },
  ]);
  await expect(query(database.url, 'create schema s')).rejects.toThrow(/permission denied/);
  expect(await query(database.adminUrl, who)).toMatchObject([{ super: true }]);
});

test('databases can be made at the same time', async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, createTestDatabase));
  expect(new Set(databases.map(({ url }) => url)).size).toBe(4);
  await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()));
});
