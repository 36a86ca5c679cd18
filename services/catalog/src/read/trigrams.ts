import { messageOf, type Logger } from '@cyborgbackup/kernel';
import { defineProjection, type Projection } from '@cyborgbackup/projections';
import { catalog } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

/*
 * Searches for a part of a name use an index of trigrams, which PostgreSQL has as an extension of its own distribution. It is a
 * trusted one: whoever may create schemas in the database may create it, and that the services may. Where it is not installed,
 * searches work all the same, by looking at every name.
 */

/** The schema that the extension is in; undefined when it is not there. */
const findExtension = async (pool: Pool): Promise<string | undefined> => {
  const { rows } = await pool.query<{ schema: string }>(
    `select quote_ident(n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'pg_trgm'`,
  );
  return rows[0]?.schema;
};

const SLOW =
  'Searches for names in archives will be slow: let the owner of the database run "CREATE EXTENSION pg_trgm" in it, then restart the catalog service';

/** The extension's schema, after creating it where it is missing and may be created. */
export const ensureTrigrams = async (pool: Pool, logger: Logger): Promise<string | undefined> => {
  try {
    await pool.query('create extension if not exists pg_trgm');
  } catch (error) {
    // Another process may have made it at the same moment.
    const schema = await findExtension(pool);
    if (schema === undefined) logger.warn({ reason: messageOf(error) }, SLOW);
    return schema;
  }
  return findExtension(pool);
};

/**
 * Kilobytes of new names that may wait to be put in their places, before it is done at once. Normally that is up to the keeper
 * (see `table-keeper.ts`).
 */
const PENDING = 262_144;

/**
 * Of an expression, so that it serves searches alone (see `search-rows.ts` of the gateway): it could also find a name that is
 * given whole, and the planner then takes it for that, which costs a hundred times what the index of hashes does.
 */
const indexOf = (schema: string): string =>
  `using gin ((name || '') ${schema}.gin_trgm_ops) with (gin_pending_list_limit = ${PENDING})`;

/** The projection with names indexed by trigrams, also after it was rebuilt. @param schema the extension's */
export const withTrigrams = (projection: Projection, schema: string): Projection =>
  defineProjection({
    ...projection,
    models: projection.models.map((model) =>
      model.table === catalog.entryNames.table ? { ...model, indexes: [...model.indexes, indexOf(schema)] } : model,
    ),
  });

const INDEX_LOCK = 0x4342_5452;

/**
 * Indexes the names of tables that were made while the extension was missing; this takes a while, and writers wait. Tables of
 * an older version have no names: they are built anew, with the index.
 */
export const ensureNameIndex = async (pool: Pool, { name }: Projection, schema: string): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1, 0)', [INDEX_LOCK]);
    const { rowCount } = await client.query(
      `select from pg_tables t
        where t.schemaname = $1 and t.tablename = $2
          and not exists (select from pg_indexes i where i.schemaname = t.schemaname and i.tablename = t.tablename
                             and i.indexdef like '%gin_trgm_ops%')`,
      [name, catalog.entryNames.table],
    );
    if (rowCount === 1) await client.query(`create index on ${name}.${catalog.entryNames.table} ${indexOf(schema)}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // a lost connection is rolled back by the server
    throw error;
  } finally {
    client.release();
  }
};
