import { ADVISORY_LOCKS } from '@cyborgbackup/database';
import type { Pool } from 'pg';

export type IdKind =
  'user' | 'client' | 'repository' | 'schedule' | 'policy' | 'api_token' | 'job' | 'job_event' | 'catalog_entry';

/** The next API ids of a kind, ascending, not always contiguous. One round trip for any number of them. */
export const drawIds = async (pool: Pool, kind: IdKind, count: number): Promise<readonly number[]> => {
  const { rows } = await pool.query<{ id: string }>(
    "select nextval(('ids.' || quote_ident($1))::regclass)::text as id from generate_series(1, $2::int) order by 1::bigint",
    [kind, count],
  );
  return rows.map(({ id }) => Number(id));
};

/** As `drawIds`, for one. */
export const drawId = async (pool: Pool, kind: IdKind): Promise<number> => {
  const [id] = await drawIds(pool, kind, 1);
  if (id === undefined) throw new Error(`The sequence ids.${kind} gave nothing`);
  return id;
};

/**
 * A contiguous block of ids, by its first: for rows that are stored as "first id and how many". Advancing a sequence
 * by n in one step needs a lock against other callers who do the same; plain `nextval` callers must not share the
 * sequence.
 */
export const drawIdBlock = async (pool: Pool, kind: 'job_event' | 'catalog_entry', count: number): Promise<number> => {
  const { rows } = await pool.query<{ last: string }>(
    `with locked as materialized (select pg_advisory_xact_lock(${ADVISORY_LOCKS.idSequence}, hashtext($1)))
     select setval(('ids.' || quote_ident($1))::regclass,
                   nextval(('ids.' || quote_ident($1))::regclass) + $2 - 1)::text as last
       from locked`,
    [kind, count],
  );
  const [row] = rows;
  if (!row) throw new Error(`The sequence ids.${kind} gave nothing`);
  return Number(row.last) - count + 1;
};
