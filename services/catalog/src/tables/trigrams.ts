import { inTransaction, lockUntilCommit } from '@cyborgbackup/database';
import type { Logger } from '@cyborgbackup/kernel';
import { defineProjection, type Projection } from '@cyborgbackup/projections';
import { catalog } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

/*
 * Searches for a part of a name use an index of trigrams, which PostgreSQL has as an extension of its own distribution. `prepare`
 * creates it where it is available. Where it is not, searches scan all names.
 * See docs/decisions/0008-the-catalog-grows-with-change.md.
 */

const SLOW =
  'Searches for names in archives will be slow: let the owner of the database run "CREATE EXTENSION pg_trgm" in it, then restart the catalog service';

/** The schema that the extension is in; undefined, and said so, when it is not there. */
export const findTrigrams = async (pool: Pool, logger: Logger): Promise<string | undefined> => {
  const { rows } = await pool.query<{ schema: string }>(
    `select quote_ident(n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'pg_trgm'`,
  );
  if (rows.length === 0) logger.warn(SLOW);
  return rows[0]?.schema;
};

/**
 * Kilobytes of new names in the pending list of the index from which on a writer merges them itself. Normally the table keeper
 * does so before (see `table-keeper.ts`).
 */
const PENDING_LIMIT = 262_144;

/**
 * Of an expression, so that it serves searches alone (see `search-rows.ts` of the gateway): it could also find a name that is
 * given whole, and the planner then takes it for that, which costs a hundred times what the index of hashes does.
 */
const indexOf = (schema: string): string =>
  `using gin ((name || '') ${schema}.gin_trgm_ops) with (gin_pending_list_limit = ${PENDING_LIMIT})`;

/** The projection with names indexed by trigrams, also after it was rebuilt. @param schema the extension's */
export const withTrigrams = (projection: Projection, schema: string): Projection =>
  defineProjection({
    ...projection,
    models: projection.models.map((model) =>
      model.table === catalog.entryNames.table ? { ...model, indexes: [...model.indexes, indexOf(schema)] } : model,
    ),
  });

/**
 * Indexes the names of tables that were made while the extension was missing; this takes a while, and writers wait. Tables of
 * an older version have no names: they are built anew, with the index.
 */
export const ensureNameIndex = async (pool: Pool, { name }: Projection): Promise<void> => {
  const client = await pool.connect();
  try {
    await inTransaction(client, async () => {
      await lockUntilCommit(client, 'searchIndex', name);
      const { rowCount } = await client.query(
        `select from pg_tables t
          where t.schemaname = $1 and t.tablename = $2
            and not exists (select from pg_indexes i where i.schemaname = t.schemaname and i.tablename = t.tablename
                               and i.indexdef like '%gin_trgm_ops%')`,
        [name, catalog.entryNames.table],
      );
      const index = [name, catalog.entryNames.table, 'name', PENDING_LIMIT];
      if (rowCount === 1) await client.query('select projections.add_trigram_index($1, $2, $3, $4)', index);
    });
  } finally {
    client.release();
  }
};
