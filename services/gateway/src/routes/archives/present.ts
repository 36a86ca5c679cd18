import { API_ROOT, pick, urlOf } from '../../http/core/representation.ts';
import { shortIso, shortIsoOrNull } from '../../db/timestamps.ts';
import type { ArchiveRow } from './query.ts';

const archiveUrl = ({ name, repository }: ArchiveRow, action = ''): string =>
  `${API_ROOT}/archives/${encodeURIComponent(name)}/${action}${repository === null ? '' : `?repository=${repository}`}`;

const present = <Value>(entries: Readonly<Record<string, Value | null>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, Value] => entry[1] !== null));

export const presentArchive = (row: ArchiveRow): object => ({
  id: row.id,
  type: 'archive',
  url: archiveUrl(row),
  related: present({
    job: urlOf('jobs', row.id),
    client: row.client === null ? null : urlOf('clients', row.client),
    policy: row.policy === null ? null : urlOf('policies', row.policy),
    repository: row.repository === null ? null : urlOf('repositories', row.repository),
    tree: archiveUrl(row, 'tree/'),
    catalogs: `${API_ROOT}/catalogs/?job=${row.id}`,
  }),
  summary_fields: present<object>({
    client: row.client === null ? null : { id: row.client, hostname: row.client_hostname },
    policy: row.policy === null ? null : { id: row.policy, name: row.policy_name },
    repository: row.repository === null ? null : { id: row.repository, name: row.repository_name },
  }),
  name: row.name,
  job: row.id,
  ...pick(row, ['policy', 'client', 'repository', 'machine']),
  started: shortIso(row.started),
  finished: shortIso(row.finished),
  ...pick(row, ['files', 'original_size', 'compressed_size', 'deduplicated_size', 'entries', 'complete', 'failed']),
  healthy: row.healthy,
  checked: shortIsoOrNull(row.checked),
});
