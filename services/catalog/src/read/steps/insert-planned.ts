import type { EventOf } from '@cyborgbackup/kernel';
import type { runExtended } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { plainArray, textArray } from './sql-arrays.ts';

/** Adds the archives of machines that a hypervisor told of; see the archives model. */
export const insertPlanned = async (
  { client, schema }: StepTarget,
  { uuid, jobs }: EventOf<typeof runExtended>['data'],
): Promise<void> => {
  const backups = jobs.filter(({ job_type }) => job_type === 'job');
  await client.query(
    `insert into ${schema}.archives (job_uuid, archive_name, borg_id, repository_uuid, client_uuid, policy_uuid, machine,
            files, original_size, compressed_size, deduplicated_size, entries, complete, removed, failed, healthy, damaged,
            position)
     select given.job, given.archive, '', r.repository_uuid, given.client, r.policy_uuid, given.machine,
            0, 0, 0, 0, 0, false, true, false, true, false, 0
       from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[]) as given(job, archive, client, machine)
            left join ${schema}.machine_runs r on r.run = $1
     on conflict (job_uuid) do nothing`,
    [
      uuid,
      plainArray(backups.map((job) => job.uuid)),
      textArray(backups.map(({ archive_name }) => archive_name ?? '')),
      textArray(backups.map(({ client }) => client?.uuid ?? null)),
      textArray(backups.map(({ machine }) => machine?.id ?? '')),
    ],
  );
};
