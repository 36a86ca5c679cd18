import { catalog, type ArchiveRow as StoredArchive } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { columnsOf } from '../../db/authored.ts';

const HIDDEN = [
  ...(['job_uuid', 'archive_name', 'borg_id', 'repository_uuid', 'client_uuid', 'policy_uuid'] as const),
  ...(['started_at', 'finished_at', 'checked_at', 'removed', 'damaged', 'position'] as const),
  ...(['series_id', 'sequence', 'next_number', 'id_base'] as const),
] as const;

/** An archive, by the id of the job that made it; the names that the API has for its times. */
export type ArchiveRow = Omit<StoredArchive, (typeof HIDDEN)[number]> & {
  readonly id: number;
  readonly name: string;
  readonly started: string;
  readonly finished: string;
  readonly checked: string | null;
  readonly client: number | null;
  readonly client_hostname: string | null;
  readonly policy: number | null;
  readonly policy_name: string | null;
  readonly repository: number | null;
  readonly repository_name: string | null;
};

export const archiveSource: RowSource = {
  select: `t.id, ${columnsOf(catalog.archives, HIDDEN, 'a')}, a.archive_name as name, a.started_at as started,
    a.finished_at as finished, a.checked_at as checked, c.id as client, c.hostname as client_hostname, p.id as policy,
    p.name as policy_name, r.id as repository, r.name as repository_name`,
  from: `scheduler.jobs t join catalog.archives a on a.job_uuid = t.uuid and not a.removed
    left join inventory.clients c on c.uuid = a.client_uuid
    left join inventory.policies p on p.uuid = a.policy_uuid
    left join inventory.repositories r on r.uuid = a.repository_uuid`,
};
