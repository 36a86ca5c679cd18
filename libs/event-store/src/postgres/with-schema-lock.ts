import type pg from 'pg';

/** First key of the advisory locks taken here; the second is a hash of the schema's name. */
const LOCK_CLASS = 0x4342_4d47;

/** One transaction around `work`; processes that do this for the same schema at the same moment wait for each other. */
export const withSchemaLock = async (
  client: pg.ClientBase,
  schema: string,
  work: () => Promise<unknown>,
): Promise<void> => {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, schema]);
    await work();
    await client.query('commit');
  } catch (error) {
    // A connection that broke has rolled back already; the first error is the one to report.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
};
