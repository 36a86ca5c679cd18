import { WAIT_MILLIS } from '@cyborgbackup/projections';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import type { RunDeps } from './run-deps.ts';

type ActiveJobsDeps = Pick<RunDeps, 'pool' | 'waiter'>;

/** The tables as of everything in the log now. */
const waitForTables = ({ waiter }: ActiveJobsDeps): Promise<void> =>
  waiter.waitForProjections([schedulerProjection.name], 'head', WAIT_MILLIS.launch);

/** Whether a query finds anything. */
const finds = async (deps: ActiveJobsDeps, sql: string, values: readonly unknown[]): Promise<boolean> => {
  await waitForTables(deps);
  const { rowCount } = await deps.pool.query(`${sql} limit 1`, [...values]);
  return rowCount === 1;
};

/**
 * Whether a job of one of these clients on this repository has not ended, or its machines have no jobs yet. A preparation does
 * not count: while any job needs it, that job does.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveJobs = (deps: ActiveJobsDeps, repository: string, clients: readonly string[]): Promise<boolean> =>
  finds(
    deps,
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid = any($2::uuid[])
        and not (job_type = 'check' and launch_type = 'dependency')
     union all
     select from scheduler.pending_extensions
      where repository = $1 and client = any($2::uuid[])`,
    [repository, clients],
  );

/**
 * Whether a check of the repository, of either sort, has not ended.
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const hasActiveCheck = (deps: ActiveJobsDeps, repository: string): Promise<boolean> =>
  finds(
    deps,
    `select from scheduler.jobs
      where finished is null and repository_uuid = $1 and client_uuid is null
        and (job_type = 'integrity' or task = 'archives')`,
    [repository],
  );

/**
 * The preparations that a run need not make itself, by their names: those that have not ended and that nobody has canceled, and
 * those that succeeded since its policy was read, which therefore says that they are needed. Of several the one that ends first.
 * @param wanted see `preparationOf`
 * @param since milliseconds since the epoch
 * @throws AppError `unavailable` when the tables lag behind the log for too long
 */
export const findPreparations = async (
  deps: ActiveJobsDeps,
  wanted: readonly string[],
  since: number,
): Promise<ReadonlyMap<string, string>> => {
  await waitForTables(deps);
  const { rows } = await deps.pool.query<{ readonly preparation: string; readonly uuid: string }>(
    `select preparation, uuid from scheduler.jobs
      where preparation = any($1::uuid[])
        and (finished is null and not cancel_requested or status = 'successful' and finished >= $2)
      order by finished desc nulls first, id desc`,
    [wanted, new Date(since)],
  );
  return new Map(rows.map(({ preparation, uuid }) => [preparation, uuid]));
};
