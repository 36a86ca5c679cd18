import { messageOf, type Logger } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import { names } from './models/dictionaries.ts';

/*
 * New names wait in a list of the index (see `trigrams.ts`), which costs the projection next to nothing, but every search reads
 * it from end to end. The keeper puts them in their places, on a connection of its own, when the projection has a rest:
 *
 *   idle      nothing has changed since the last time
 *   waiting   something has; until nothing more comes for some seconds, or a minute is over
 *   working   one statement runs, once in that time; what comes meanwhile begins to wait
 */
export interface NameIndexKeeper {
  /** Something may have been added. */
  poke(): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

const REST_MILLIS = 2_000;
const MAX_WAIT_MILLIS = 60_000;

const CLEAN = `
  select gin_clean_pending_list(i.indexrelid)
    from pg_index i
         join pg_class t on t.oid = i.indrelid
         join pg_namespace n on n.oid = t.relnamespace
         join pg_class c on c.oid = i.indexrelid
         join pg_am m on m.oid = c.relam
   where n.nspname = $1 and t.relname = $2 and m.amname = 'gin'`;

export const createNameIndexKeeper = (pool: Pool, schema: string, logger: Logger): NameIndexKeeper => {
  let timer: NodeJS.Timeout | undefined;
  let waitingSince: number | undefined;
  let working = Promise.resolve();
  let isStopped = false;

  const work = async (): Promise<void> => {
    try {
      await pool.query(CLEAN, [schema, names.table]);
    } catch (error) {
      // PostgreSQL's own housekeeping does the same, only later.
      logger.warn({ reason: messageOf(error) }, 'New names are not in the index yet, so searches take longer');
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
