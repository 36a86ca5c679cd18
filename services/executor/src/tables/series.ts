import type { KeylessDeps } from '@cyborgbackup/service';
import type { JobPlan } from '../job/job-plan.ts';

/** Names the backups that are thinned out together: those of one policy, client and machine. */
export interface Series {
  readonly policy: string;
  readonly client: string;
  /** Empty unless the backups are of a virtual machine. */
  readonly machine: string;
}

/** Undefined for a job that is no part of a series. */
export const seriesOf = ({ run, job }: JobPlan): Series | undefined =>
  run.policy && job.client
    ? { policy: run.policy.uuid, client: job.client.uuid, machine: job.machine?.id ?? '' }
    : undefined;

export interface RecordedArchive {
  readonly name: string;
  /** When its backup was begun, by our clock; milliseconds since the epoch. */
  readonly at: number;
  /** Its place among others, in the order in which the log has their beginnings: no clock can change that. */
  readonly position: number;
  /** Its backup succeeded. One that was not recorded as complete (its job was lost or canceled at the very end) is not good. */
  readonly good: boolean;
}

/** The archives that the backups of a series have made in this repository, or begun to make, in no order. */
export const readSeries = async (
  pool: KeylessDeps['pool'],
  { policy, client, machine }: Series,
  repository: string,
): Promise<readonly RecordedArchive[]> => {
  const { rows } = await pool.query<RecordedArchive>(
    `select b.archive as name, (extract(epoch from b.begun_at) * 1000)::float8 as at,
            b.begun_position::float8 as position, b.succeeded as good
       from executor.backups b join executor.runs r on r.run = b.run
      where b.client = $2 and b.machine = $3 and r.policy = $1 and r.repository = $4
        and b.archive is not null and b.begun_position is not null and not b.removed`,
    [policy, client, machine, repository],
  );
  return rows;
};

export interface LastBackup {
  readonly archive: string;
  /** Bytes. */
  readonly originalSize: number;
  /** Seconds. */
  readonly duration: number;
}

/** The latest good backup of a series, wherever its archive is or was. */
export const readLastGood = async (
  pool: KeylessDeps['pool'],
  { policy, client, machine }: Series,
): Promise<LastBackup | undefined> => {
  const { rows } = await pool.query<LastBackup>(
    `select b.archive, b.original_size::float8 as "originalSize", b.duration
       from executor.backups b join executor.runs r on r.run = b.run
      where b.client = $2 and b.machine = $3 and r.policy = $1 and b.succeeded
      order by b.begun_position desc limit 1`,
    [policy, client, machine],
  );
  return rows[0];
};
