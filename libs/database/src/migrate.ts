import { AppError } from '@cyborgbackup/kernel';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';
import { lockUntilCommit } from './advisory-locks.ts';
import { inTransaction } from './transaction.ts';

/** One step of a schema's history. Once released it is never edited: a change is a further migration. */
export interface Migration {
  /** For example `0001-events`. */
  readonly name: string;
  readonly sql: string;
  /** Run at each start, after all others, rather than once: grants, which another cluster's copy of the schema may lack. */
  readonly isRepeated?: boolean;
}

/** The `.sql` files of a folder by name. Those whose name begins with a number are run once, the others at each start. */
export const loadMigrations = (folder: URL): readonly Migration[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.sql'.length),
      sql: readFileSync(new URL(file, folder), 'utf8'),
      isRepeated: !/^\d{4}-/.test(file),
    }));

/**
 * Brings a schema up to date, in one transaction: all pending migrations are applied, in the list's order, or none.
 * Processes that start at the same moment wait for each other. Applied migrations that the list does not know (those of
 * a newer program) are left alone.
 * @throws AppError `conflict` when a migration that has been applied reads differently now
 */
export const migrate = async (client: ClientBase, schema: string, migrations: readonly Migration[]): Promise<void> => {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new TypeError(`${schema} is not a plain schema name`);
  await inTransaction(client, async () => {
    await lockUntilCommit(client, 'schema', schema);
    await applyPending(client, schema, migrations);
  });
};

const applyPending = async (client: ClientBase, schema: string, migrations: readonly Migration[]): Promise<void> => {
  // Looked for first: also where it is there, `create schema if not exists` needs the right to create schemas.
  const { rowCount } = await client.query('select from pg_namespace where nspname = $1', [schema]);
  if (rowCount === 0) await client.query(`create schema ${schema}`);
  await client.query(
    `create table if not exists ${schema}.migrations (
       name text primary key, checksum text not null, applied_at timestamptz not null default now()
     )`,
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from ${schema}.migrations`,
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  for (const { name, sql, isRepeated } of migrations) {
    const checksum = createHash('sha256').update(sql).digest('hex');
    const appliedAs = isRepeated ? undefined : applied.get(name);
    if (appliedAs === checksum) continue;
    if (appliedAs !== undefined) {
      throw new AppError(
        'conflict',
        `The migration ${schema}/${name} was edited after it was applied: install the release that belongs to this database.`,
      );
    }
    await client.query(sql);
    if (isRepeated) continue;
    await client.query(`insert into ${schema}.migrations (name, checksum) values ($1, $2)`, [name, checksum]);
  }
};
