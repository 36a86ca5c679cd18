import type { RowSource } from '../../lists/index.ts';

/** An archive as it is shown. */
export interface ArchiveRow {
  readonly id: number;
  readonly name: string;
  readonly machine: string;
  readonly started: string;
  readonly finished: string;
  readonly files: number;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  readonly entries: number;
  readonly complete: boolean;
  readonly healthy: boolean;
  readonly failed: boolean;
  readonly checked: string | null;
  readonly client: number | null;
  readonly client_hostname: string | null;
  readonly policy: number | null;
  readonly policy_name: string | null;
  readonly repository: number | null;
  readonly repository_name: string | null;
}

export const archiveSource: RowSource = {
  select: `t.id, a.archive_name as name, a.machine, a.started_at as started, a.finished_at as finished, a.files,
    a.original_size, a.compressed_size, a.deduplicated_size, a.entries, a.complete, a.healthy, a.failed,
    a.checked_at as checked, c.id as client, c.hostname as client_hostname, p.id as policy, p.name as policy_name,
    r.id as repository, r.name as repository_name`,
  from: `scheduler.jobs t join catalog.archives a on a.job_uuid = t.uuid and not a.removed
    left join inventory.clients c on c.uuid = a.client_uuid
    left join inventory.policies p on p.uuid = a.policy_uuid
    left join inventory.repositories r on r.uuid = a.repository_uuid`,
};
