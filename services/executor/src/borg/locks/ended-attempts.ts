import type { Pool } from 'pg';

/** The time of an attempt, in milliseconds since the epoch. */
export interface EndedAttempt {
  readonly begun: number;
  readonly ended: number;
}

/** The latest attempts of jobs on a repository that do not run any more, newest first. */
export const readEndedAttempts = async (pool: Pool, repository: string): Promise<readonly EndedAttempt[]> => {
  const { rows } = await pool.query<EndedAttempt>(
    `select (extract(epoch from a.started_at) * 1000)::float8 as begun, (extract(epoch from a.ended_at) * 1000)::float8 as ended
       from executor.attempts a join executor.runs r on r.run = a.run
      where r.repository = $1 and a.ended_at is not null
      order by a.started_at desc limit 100`,
    [repository],
  );
  return rows;
};

/** The run of a job that was ever started; undefined for any other. */
export const readRunOf = async (pool: Pool, job: string): Promise<string | undefined> => {
  const { rows } = await pool.query<{ run: string }>('select run from executor.attempts where job = $1 limit 1', [job]);
  return rows[0]?.run;
};
