import type { PlannedJob } from '@cyborgbackup/contracts';
import type { JobRow } from '@cyborgbackup/read-models';
import type { Pool } from 'pg';

/** The latest good archive of a client, or of one of its machines, by the backup that made it. */
export interface LatestArchive extends Pick<JobRow, 'uuid' | 'id'> {
  readonly archive_name: string;
  readonly client_uuid: string;
  readonly machine: PlannedJob['machine'];
}

type ArchiveRow = Omit<LatestArchive, 'machine'> & Pick<JobRow, 'machine_id' | 'machine_name'>;

const LATEST_ARCHIVES = `
  select distinct on (client_uuid, machine_id)
         uuid, id, archive_name, client_uuid, machine_id, machine_name
    from scheduler.jobs
   where policy_uuid = $1 and repository_uuid = $2 and job_type = 'job' and status = 'successful'
     and archive_name is not null and client_uuid is not null
   order by client_uuid, machine_id, id desc`;

/** Of each client of a policy, and of each machine, in the repository that the policy has now. */
export const latestArchives = async (
  pool: Pool,
  policy: string,
  repository: string,
): Promise<readonly LatestArchive[]> => {
  const { rows } = await pool.query<ArchiveRow>(LATEST_ARCHIVES, [policy, repository]);
  return rows.map(({ machine_id, machine_name, ...archive }) => ({
    ...archive,
    machine: machine_id === null ? undefined : { id: machine_id, name: machine_name ?? '' },
  }));
};
