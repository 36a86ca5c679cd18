import { exactPath } from '@cyborgbackup/contracts';
import { pick, urlOf } from '../../http/core/representation.ts';
import { shortIso } from '../../db/timestamps.ts';
import type { CatalogRow } from './query.ts';

export const presentCatalog = (row: CatalogRow): object => ({
  id: row.id,
  url: urlOf('catalogs', row.id),
  archive_name: row.archive_name,
  path: exactPath(row),
  ...pick(row, ['job', 'mode']),
  mtime: shortIso(row.mtime),
  ...pick(row, ['owner', 'group', 'size', 'healthy']),
});
