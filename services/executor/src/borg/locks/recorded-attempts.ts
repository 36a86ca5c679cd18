import type { Pool } from 'pg';

/** An attempt whose borg ran on a repository. */
export interface RecordedAttempt {
  readonly job: string;
  readonly run: string;
  readonly pid: number;
  /** Where borg ran: client, repository or executor. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly begun: number;
  /** Null while it runs. */
  readonly ended: number | null;
}

/** The latest attempts on a repository whose borg ran, newest first. */
export const readAttempts = async (pool: Pool, repository: string): Promise<readonly RecordedAttempt[]> => {
  const { rows } = await pool.query<RecordedAttempt>(
    `select a.job, a.run, a.pid, a.host,
            (extract(epoch from a.process_started_at) * 1000)::float8 as begun, (extract(epoch from a.ended_at) * 1000)::float8 as ended
       from executor.attempts a join executor.runs r on r.run = a.run
      where r.repository = $1 and a.pid is not null
      order by a.process_started_at desc limit 100`,
    [repository],
  );
  return rows;
};

/** The run of a job that was ever started; undefined for any other. */
export const readRunOf = async (pool: Pool, job: string): Promise<string | undefined> => {
  const { rows } = await pool.query<{ run: string }>('select run from executor.attempts where job = $1 limit 1', [job]);
  return rows[0]?.run;
};
