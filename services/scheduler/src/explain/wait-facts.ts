import { isJobEnd } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import type { Stage } from '../queue/queue-entry.ts';
import type { Line } from './line-ahead.ts';

/*
 * What the scheduler's tables say of one job that waits, without loading the whole queue: each statement reads the job's own
 * row, the slots, which are as few as the jobs that run, or counts the jobs of one line by an index.
 */

export type NamedJob = Pick<JobRow, 'id' | 'uuid' | 'name'>;

/** As the queue has it, see `QueueEntry`. */
export interface AskedJob extends NamedJob, Pick<JobRow, 'status' | 'attempt'> {
  readonly reason: string;
  readonly policy: string;
  readonly manual: boolean;
  /** What it must have for itself alone. */
  readonly repository: string | null;
  readonly client: string | null;
  readonly granted: boolean;
  readonly awaits_extension: boolean;
}

/** A check of a client is about the client alone. */
const REPOSITORY = `case when job.job_type = 'check' and job.client_uuid is not null then null else job.repository_uuid end`;
const POLICY = `coalesce(job.policy_uuid, job.run)`;

export const readAskedJob = async (pool: Pool, uuid: string): Promise<AskedJob | undefined> => {
  const { rows } = await pool.query<AskedJob>(
    `select job.id, job.uuid, job.name, job.status, job.attempt, job.job_explanation as reason, ${POLICY} as policy,
            job.due_at is null as manual, ${REPOSITORY} as repository, job.client_uuid as client,
            grants.job is not null as granted, extension.job is not null as awaits_extension
       from scheduler.jobs job
       left join scheduler.grants on grants.job = job.uuid
       left join scheduler.pending_extensions extension on extension.job = job.uuid
      where job.uuid = $1`,
    [uuid],
  );
  return rows[0];
};

/** The jobs that it needs and that have not succeeded. */
export const readUnmetNeeds = async (pool: Pool, uuid: string): Promise<readonly NamedJob[]> => {
  const { rows } = await pool.query<NamedJob>(
    `select id, uuid, name from scheduler.jobs
      where uuid in (select unnest(needs) from scheduler.jobs where uuid = $1) and status <> 'successful'
      order by id`,
    [uuid],
  );
  return rows;
};

export interface Holders {
  readonly repository: NamedJob | undefined;
  readonly client: NamedJob | undefined;
}

interface HolderRow extends NamedJob {
  readonly has_repository: boolean;
  readonly has_client: boolean;
}

/** Who has what the job must have. */
export const readHolders = async (pool: Pool, { repository, client }: AskedJob): Promise<Holders> => {
  const { rows } = await pool.query<HolderRow>(
    `select job.id, job.uuid, job.name,
            grants.repository is not distinct from $1::uuid as has_repository,
            grants.client is not distinct from $2::uuid as has_client
       from scheduler.grants join scheduler.jobs job on job.uuid = grants.job
      where grants.repository = $1 or grants.client = $2`,
    [repository, client],
  );
  const holder = (has: (row: HolderRow) => boolean): NamedJob | undefined => rows.find(has);
  return {
    repository: repository === null ? undefined : holder((row) => row.has_repository),
    client: client === null ? undefined : holder((row) => row.has_client),
  };
};

/** The slots that are taken, but for those of jobs that pause, and those of jobs that no executor has started yet. */
export interface SlotCounts {
  readonly running: number;
  readonly handedOut: number;
}

export const readSlotCounts = async (pool: Pool): Promise<SlotCounts> => {
  const { rows } = await pool.query<SlotCounts>(
    `select count(*) filter (where job.status <> 'pending' or job.attempt = 0)::int4 as running,
            count(*) filter (where job.status = 'pending' and job.attempt = 0)::int4 as "handedOut"
       from scheduler.grants join scheduler.jobs job on job.uuid = grants.job`,
  );
  return rows[0] ?? { running: 0, handedOut: 0 };
};

/** In either case those of an index of open jobs. */
const SAME_REPOSITORY = `job.repository_uuid = $1 and (job.job_type <> 'check' or job.client_uuid is null)`;
const SAME_CLIENT = `job.client_uuid = $1`;

const linesQuery = (isSame: string): string => `
  with turns as (
    select ${POLICY} as policy, count(*)::int4 as held, max(grants.granted_version) as last_grant
      from scheduler.grants join scheduler.jobs job on job.uuid = grants.job
     group by 1
  ), lines as (
    select ${POLICY} as policy, job.due_at is null as manual, count(*)::int4 as jobs, min(job.id) as head,
           count(*) filter (where job.id < $2)::int4 as older
      from scheduler.jobs job left join scheduler.grants on grants.job = job.uuid
     where job.finished is null and ${isSame} and grants.job is null and (job.status = 'pending' or job.id = $2)
     group by 1, 2
  )
  select lines.*, coalesce(turns.held, 0) as held, coalesce(turns.last_grant, 0) as "lastGrant"
    from lines left join turns using (policy)`;

/** Those that want the same repository or, where it needs none, the same client; the job itself among them. */
export const readLines = async (pool: Pool, { id, repository, client }: AskedJob): Promise<readonly Line[]> => {
  const sql = linesQuery(repository === null ? SAME_CLIENT : SAME_REPOSITORY);
  const { rows } = await pool.query<Line>(sql, [repository ?? client, id]);
  return rows;
};

/** Where the queue has the job, see `Stage`. */
export const stageOf = ({ status, granted }: AskedJob, unmet: readonly NamedJob[]): Stage => {
  if (isJobEnd(status)) return 'ended';
  if (status === 'running') return 'running';
  if (granted) return 'granted';
  return unmet.length > 0 ? 'waiting' : 'ready';
};
