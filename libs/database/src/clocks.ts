import { systemClock, type Clock } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

/** Two clocks that should agree. */
export interface Clocks {
  /** Of this process. */
  readonly own: Clock;
  /** Milliseconds since 1970 by PostgreSQL, whose clock all processes share. */
  readonly shared: () => Promise<number>;
}

export const clocksOf = (pool: Pool): Clocks => ({ own: systemClock, shared: () => databaseTime(pool) });

const databaseTime = async (pool: Pool): Promise<number> => {
  const { rows } = await pool.query<{ readonly now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  );
  const [row] = rows;
  if (!row) throw new Error('PostgreSQL did not tell the time');
  return row.now;
};

/** What time servers and a slow answer cannot explain. */
const MAX_DIFFERENCE_MILLIS = 5_000;

/** Why this process must not act by its clock, in one sentence; undefined while both agree. */
export const clockTrouble = async ({ own, shared }: Clocks): Promise<string | undefined> => {
  const asked = own.now();
  const time = await shared();
  const answered = own.now();
  // The answer is of some moment in between.
  const ahead = asked - time;
  const behind = time - answered;
  const difference = Math.max(ahead, behind);
  if (difference <= MAX_DIFFERENCE_MILLIS) return undefined;
  const seconds = Math.round(difference / 1_000);
  return `The clock of this process is ${seconds} s ${ahead > behind ? 'ahead of' : 'behind'} that of PostgreSQL: have both machines follow the same time servers.`;
};
