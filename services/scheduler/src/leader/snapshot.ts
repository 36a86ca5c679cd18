import { isJobEnd } from '@cyborgbackup/contracts';
import { inTransaction, readSql } from '@cyborgbackup/database';
import { AppError } from '@cyborgbackup/kernel';
import { readCheckpoint } from '@cyborgbackup/projections';
import type { Table } from '@cyborgbackup/projections/define';
import { scheduler, type GrantRow, type JobRow } from '@cyborgbackup/read-models';
import type { ClientBase, Pool } from 'pg';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import { addRuns } from '../queue/evolve-queue.ts';
import { createQueue, type Queue } from '../queue/queue.ts';
import { queuedJobs, type JobRecord, type QueueEntry } from '../queue/queue-entry.ts';
import type { TimetableRows } from '../timetable/timetable.ts';

/** Queue and timetable as of one position of the log. */
export interface Snapshot {
  readonly position: bigint;
  readonly queue: Queue;
  readonly timetable: TimetableRows;
}

interface OpenJobRow extends JobRecord, Pick<JobRow, 'status'> {
  readonly reason: string;
  readonly granted_version: GrantRow['granted_version'] | null;
  readonly awaits_extension: boolean;
  readonly paused_until: number | null;
}

/** All jobs of runs of which a job has not ended, still holds its grant, or awaits an extension. */
const OPEN_JOBS = readSql(new URL('./open-jobs.sql', import.meta.url));

/** All rows of a table, with times as the log has them. */
const selectAll = ({ name, columns }: Table): string => {
  const values = columns.map((column) =>
    column.type === 'timestamptz' ? `to_json(${column.name}) #>> '{}' as ${column.name}` : column.name,
  );
  return `select ${values.join(', ')} from ${name}`;
};

/**
 * Everything in one snapshot of the database, so that all tables are as old as the checkpoint says.
 * @throws AppError `unavailable` while the tables are rebuilt for this version of the program
 */
export const loadSnapshot = (pool: Pool): Promise<Snapshot> =>
  inSnapshot(pool, async (client, position) => ({
    position,
    queue: await readQueue(client),
    timetable: {
      entries: await rowsOf(client, selectAll(scheduler.timetableEntries)),
      schedules: await rowsOf(client, selectAll(scheduler.timetableSchedules)),
      repositories: await rowsOf(client, selectAll(scheduler.timetableRepositories)),
    },
  }));

const inSnapshot = async <T>(pool: Pool, read: (client: ClientBase, position: bigint) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  try {
    return await inTransaction(client, async () => {
      await client.query('set transaction isolation level repeatable read read only');
      return read(client, await positionOf(client));
    });
  } finally {
    client.release();
  }
};

const positionOf = async (client: ClientBase): Promise<bigint> => {
  const checkpoint = await readCheckpoint(client, schedulerProjection.name);
  if (checkpoint?.version !== schedulerProjection.version) {
    throw new AppError('unavailable', "The scheduler's tables are being rebuilt: jobs wait until that is done.");
  }
  return checkpoint.position;
};

const rowsOf = async <Row extends object>(client: ClientBase, sql: string): Promise<readonly Row[]> =>
  (await client.query<Row>(sql)).rows;

const readQueue = async (client: ClientBase): Promise<Queue> => {
  const [last] = await rowsOf<{ readonly version: number }>(client, 'select version from scheduler.grants_version');
  const queue = createQueue(last?.version);
  const jobs = await rowsOf<OpenJobRow>(client, OPEN_JOBS);
  const rows = new Map(jobs.map((row) => [row.uuid, row]));
  const runs = [...Map.groupBy(jobs, (row) => row.run).values()].map(queuedJobs);
  addRuns(queue, runs, (entry) => restore(entry, rows.get(entry.job.uuid)));
  return queue;
};

const restore = (entry: QueueEntry, row: OpenJobRow | undefined): void => {
  if (!row) return;
  entry.readyRecorded ||= row.status !== 'waiting';
  entry.grantedAt = row.granted_version ?? undefined;
  entry.reason = row.reason;
  entry.awaitsExtension = row.awaits_extension;
  entry.pausedUntil = row.paused_until ?? undefined;
  if (isJobEnd(row.status)) entry.end = row.status;
  else if (row.status === 'running') entry.stage = 'running';
};
