import { messageOf, type Logger } from '@cyborgbackup/kernel';
import { catalog } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

/*
 * Maintenance of the tables that the projection should not wait for. It runs on a connection of its own, debounced:
 *
 *   idle      nothing has changed since the last run
 *   waiting   something has changed; until no change comes for some seconds, or for a minute at most
 *   working   the statements run once; changes that come meanwhile begin to wait for the next run
 *
 * - The index of names (see `trigrams.ts`) collects new names in a pending list. That costs the projection next to nothing, but
 *   every search scans the list: the run merges it into the index.
 * - The planner takes a series without statistics for empty, and scans it for each entry that the next listing asks for: the
 *   run analyzes the table. Autovacuum does so too, but only when a tenth of the whole table is new.
 */
export interface TableKeeper {
  /** Tells that rows may have been added. */
  poke(): void;
  /** Resolves when no statement runs any more. */
  stop(): Promise<void>;
}

const REST_MILLIS = 2_000;
const MAX_WAIT_MILLIS = 60_000;

/** Changed rows from which on the table is analyzed: so few may be scanned for each entry of a listing. */
const ANALYZE_THRESHOLD = 1_000;

/** Also true without any count: a server that crashed has lost it. */
const NEEDS_ANALYZE = `
  select from pg_stat_user_tables
   where schemaname = $1 and relname = $2 and (n_mod_since_analyze > ${ANALYZE_THRESHOLD} or last_analyze is null and last_autoanalyze is null)`;

export const createTableKeeper = (pool: Pool, schema: string, logger: Logger): TableKeeper => {
  let timer: NodeJS.Timeout | undefined;
  let waitingSince: number | undefined;
  let working = Promise.resolve();
  let isStopped = false;

  const mergePendingNames = async (): Promise<void> => {
    await pool.query('select projections.merge_pending($1, $2)', [schema, catalog.entryNames.table]);
  };
  const analyzeEntries = async (): Promise<void> => {
    const { rowCount } = await pool.query(NEEDS_ANALYZE, [schema, catalog.entries.table]);
    if (rowCount === 1) await pool.query('select projections.analyze_table($1, $2)', [schema, catalog.entries.table]);
  };

  const work = async (): Promise<void> => {
    for (const task of [mergePendingNames, analyzeEntries]) {
      try {
        await task();
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
