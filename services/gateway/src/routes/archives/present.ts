import { shortIso, shortIsoOrNull } from '../../db/timestamps.ts';
import { API_ROOT, represent, urlOf, withoutNulls } from '../../http/core/representation.ts';
import type { ArchiveRow } from '../../lists/sources/archives.ts';
import { archiveSchema } from './schema.ts';

const archiveUrl = ({ name, repository }: ArchiveRow, action = ''): string =>
  `${API_ROOT}/archives/${encodeURIComponent(name)}/${action}${repository === null ? '' : `?repository=${repository}`}`;

export const presentArchive = (row: ArchiveRow): object => {
  const { id, client, policy, repository } = row;
  return represent(archiveSchema, {
    ...row,
    url: archiveUrl(row),
    related: withoutNulls({
      job: urlOf('jobs', id),
      client: client === null ? null : urlOf('clients', client),
      policy: policy === null ? null : urlOf('policies', policy),
      repository: repository === null ? null : urlOf('repositories', repository),
      tree: archiveUrl(row, 'tree/'),
      catalogs: `${API_ROOT}/catalogs/?job=${id}`,
    }),
    summary_fields: withoutNulls<object>({
      client: client === null ? null : { id: client, hostname: row.client_hostname },
      policy: policy === null ? null : { id: policy, name: row.policy_name },
      repository: repository === null ? null : { id: repository, name: row.repository_name },
    }),
    job: id,
    started: shortIso(row.started),
    finished: shortIso(row.finished),
    checked: shortIsoOrNull(row.checked),
  });
};
