import type { JobRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import type { Urgency } from '../queue/fair-share.ts';
import type { PolicyBacklog } from './jobs-ahead.ts';

/*
 * What the scheduler's tables say of one job, without loading the whole queue: each statement reads the job's own row, the
 * grants, which are as few as the jobs that run, or counts by an index the jobs that wait for one repository or client.
 */

export type NamedJob = Pick<JobRow, 'id' | 'uuid' | 'name'>;

/** A job that may pause before its next attempt. */
export interface RetriedJob extends NamedJob {
  /** What its last attempt met; empty when it has not lost one. */
  readonly loss: string;
  /** As in the API; null when it does not pause. */
  readonly paused_until: string | null;
}

/** A job as the queue has it, see `QueuedJob` and `QueueEntry`. */
export interface ExplainedJob extends RetriedJob, Pick<JobRow, 'status'> {
  readonly policy: string;
  readonly urgency: Urgency;
  /** Held exclusively while the job is granted. */
  readonly repository: string | null;
  readonly client: string | null;
  readonly granted: boolean;
  readonly awaits_extension: boolean;
}

/** As `queuedJobs` has them. */
const REPOSITORY = `case when job.job_type = 'check' and job.client_uuid is not null then null else job.repository_uuid end`;
const POLICY = `coalesce(job.policy_uuid, job.run)`;
/** As `urgencyOf` has it. Open jobs are looked through for preparations alone: of those, few wait for the same. */
const URGENCY = `case when job.launch_type <> 'dependency' or job.job_type <> 'check'
            then case when job.due_at is null then 'manual' else 'scheduled' end
            else coalesce((select case when bool_or(due_at is null) then 'manual' else 'scheduled' end
                             from scheduler.jobs dependent
                            where finished is null and job.uuid = any(dependent.needs) having count(*) > 0), 'unneeded') end`;
const RETRY = `case when job.attempt > 0 then job.job_explanation else '' end as loss,
            to_char(job.paused_until at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS "UTC"') as paused_until`;

export const readExplainedJob = async (pool: Pool, uuid: string): Promise<ExplainedJob | undefined> => {
  const { rows } = await pool.query<ExplainedJob>(
    `select job.id, job.uuid, job.name, job.status, ${RETRY}, ${POLICY} as policy,
            ${URGENCY} as urgency, ${REPOSITORY} as repository, job.client_uuid as client,
            grants.job is not null as granted, extension.job is not null as awaits_extension
       from scheduler.jobs job
       left join scheduler.grants on grants.job = job.uuid
       left join scheduler.pending_extensions extension on extension.job = job.uuid
      where job.uuid = $1`,
    [uuid],
  );
  return rows[0];
};

/** Its dependencies that have not succeeded. */
export const readUnmetDependencies = async (pool: Pool, uuid: string): Promise<readonly RetriedJob[]> => {
  const { rows } = await pool.query<RetriedJob>(
    `select job.id, job.uuid, job.name, ${RETRY} from scheduler.jobs job
      where job.uuid in (select unnest(needs) from scheduler.jobs where uuid = $1) and job.status <> 'successful'
      order by job.id`,
    [uuid],
  );
  return rows;
};

/** The jobs that hold what a job waits for. */
export interface Holders {
  readonly repository: NamedJob | undefined;
  readonly client: NamedJob | undefined;
}

export const readHolders = async (pool: Pool, { repository, client }: ExplainedJob): Promise<Holders> => {
  const { rows } = await pool.query<NamedJob & Pick<ExplainedJob, 'repository' | 'client'>>(
    `select job.id, job.uuid, job.name, held.repository, held.client
       from scheduler.grants held join scheduler.jobs job on job.uuid = held.job
      where held.repository = $1 or held.client = $2`,
    [repository, client],
  );
  return {
    repository: rows.find((row) => row.repository !== null && row.repository === repository),
    client: rows.find((row) => row.client !== null && row.client === client),
  };
};

export interface GrantCounts {
  /** All grants. */
  readonly running: number;
  /** Grants of jobs that no executor has started yet. */
  readonly handedOut: number;
}

export const readGrantCounts = async (pool: Pool): Promise<GrantCounts> => {
  const { rows } = await pool.query<GrantCounts>(
    `select count(*)::int4 as running, count(*) filter (where job.status = 'pending')::int4 as "handedOut"
       from scheduler.grants join scheduler.jobs job on job.uuid = grants.job`,
  );
  return rows[0] ?? { running: 0, handedOut: 0 };
};

/** Each condition has an index of open jobs. */
const SAME_REPOSITORY = `job.repository_uuid = $1 and (job.job_type <> 'check' or job.client_uuid is null)`;
const SAME_CLIENT = `job.client_uuid = $1`;

const backlogsQuery = (isSame: string): string => `
  with shares as (
    select ${POLICY} as policy, count(*)::int4 as held, max(held.granted_version) as last_grant
      from scheduler.grants held join scheduler.jobs job on job.uuid = held.job
     group by 1
  ), backlogs as (
    select ${POLICY} as policy, ${URGENCY} as urgency, count(*)::int4 as jobs, min(job.id) as head,
           count(*) filter (where job.id < $2)::int4 as older
      from scheduler.jobs job left join scheduler.grants on grants.job = job.uuid
     where job.finished is null and ${isSame} and grants.job is null and (job.status = 'pending' or job.id = $2)
       and job.paused_until is null
     group by 1, 2
  )
  select backlogs.*, coalesce(shares.held, 0) as held, coalesce(shares.last_grant, 0) as "lastGrant"
    from backlogs left join shares using (policy)`;

/** The jobs that wait for the same repository or, where the job needs none, for the same client; itself among them. */
export const readBacklogs = async (
  pool: Pool,
  { id, repository, client }: ExplainedJob,
): Promise<readonly PolicyBacklog[]> => {
  const sql = backlogsQuery(repository === null ? SAME_CLIENT : SAME_REPOSITORY);
  const { rows } = await pool.query<PolicyBacklog>(sql, [repository ?? client, id]);
  return rows;
};
