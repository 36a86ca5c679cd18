import type { PlannedJob } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';
import type { ResolvedPolicy } from './planning/draft-jobs.ts';

/** The latest good archive of a client, or of one of its machines, by the backup that made it. */
export interface LatestArchive extends Pick<JobRow, 'uuid' | 'id'> {
  readonly archive_name: string;
  readonly client_uuid: string;
  readonly machine: NonNullable<PlannedJob['machine']> | null;
}

const LATEST_ARCHIVES = `
  select distinct on (client_uuid, machine_id)
         uuid, id, archive_name, client_uuid,
         case when machine_id is not null then json_build_object('id', machine_id, 'name', machine_name) end as machine
    from scheduler.jobs
   where policy_uuid = $1 and repository_uuid = $2 and job_type = 'job' and status = 'successful'
     and archive_name is not null and client_uuid is not null
   order by client_uuid, machine_id, id desc`;

/** Of each client of a policy, and of each machine, in the repository that the policy has now. */
export const latestArchives = async (
  pool: Pool,
  { policy, repository }: ResolvedPolicy,
): Promise<readonly LatestArchive[]> =>
  (await pool.query<LatestArchive>(LATEST_ARCHIVES, [policy.uuid, repository.uuid])).rows;
