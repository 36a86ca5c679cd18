import { messageOf, type Logger } from '@cyborgbackup/kernel';
import { catalog } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

/*
 * What the tables need after a change and what the projection should not wait for is done by the keeper, on a connection of
 * its own, when the projection has a rest:
 *
 *   idle      nothing has changed since the last time
 *   waiting   something has; until nothing more comes for some seconds, or a minute is over
 *   working   its statements run, once in that time; what comes meanwhile begins to wait
 *
 * - New names wait in a list of the index (see `trigrams.ts`), which costs the projection next to nothing, but every search
 *   reads it from end to end: they are put in their places.
 * - A series that statistics do not know yet passes for empty, and the planner reads it from end to end for each entry that the
 *   next listing asks for: they are made anew. PostgreSQL does so by itself, but only when a tenth of the whole table is new.
 */
export interface TableKeeper {
  /** Something may have been added. */
  poke(): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

const REST_MILLIS = 2_000;
const MAX_WAIT_MILLIS = 60_000;

/** New entries that a listing may read from end to end for each of its own. */
const MANY = 1_000;

const CLEAN = `
  select gin_clean_pending_list(i.indexrelid)
    from pg_index i
         join pg_class t on t.oid = i.indrelid
         join pg_namespace n on n.oid = t.relnamespace
         join pg_class c on c.oid = i.indexrelid
         join pg_am m on m.oid = c.relam
   where n.nspname = $1 and t.relname = $2 and m.amname = 'gin'`;

/** A server that crashed has lost the count of changes. */
const CHANGED = `
  select from pg_stat_user_tables
   where schemaname = $1 and relname = $2 and (n_mod_since_analyze > ${MANY} or last_analyze is null and last_autoanalyze is null)`;

export const createTableKeeper = (pool: Pool, schema: string, logger: Logger): TableKeeper => {
  let timer: NodeJS.Timeout | undefined;
  let waitingSince: number | undefined;
  let working = Promise.resolve();
  let isStopped = false;

  const placeNames = async (): Promise<void> => {
    await pool.query(CLEAN, [schema, catalog.entryNames.table]);
  };
  const countEntries = async (): Promise<void> => {
    const { rowCount } = await pool.query(CHANGED, [schema, catalog.entries.table]);
    if (rowCount === 1) await pool.query(`analyze ${schema}.${catalog.entries.table}`);
  };

  const work = async (): Promise<void> => {
    for (const one of [placeNames, countEntries]) {
      try {
        await one();
      } catch (error) {
        // PostgreSQL's own housekeeping does the same, only later.
        logger.warn(
          { reason: messageOf(error) },
          'The tables of the catalog are not in order yet, so looking takes longer',
        );
      }
    }
  };

  return {
    poke: () => {
      if (isStopped) return;
      waitingSince ??= Date.now();
      clearTimeout(timer);
      const rest = Math.min(REST_MILLIS, waitingSince + MAX_WAIT_MILLIS - Date.now());
      timer = setTimeout(() => {
        waitingSince = undefined;
        working = working.then(work);
      }, rest);
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await working;
    },
  };
};
