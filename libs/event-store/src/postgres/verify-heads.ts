import type pg from 'pg';

/**
 * The streams (at most 100) whose row does not name their last event's version and hash: events were cut off their end, or
 * added past the append function. Complements `verifyLog`, which sees the events only.
 */
export const verifyHeads = async (pool: Pick<pg.Pool, 'query'>): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ stream: string }>(
    `select coalesce(s.stream, e.stream) as stream
     from events.streams s
     full join (select distinct on (stream) stream, version, hash from events.events order by stream, version desc) e
       on e.stream = s.stream
     where (s.version, s.last_hash) is distinct from (e.version, e.hash)
     order by 1 limit 100`,
  );
  return rows.map(({ stream }) => stream);
};
