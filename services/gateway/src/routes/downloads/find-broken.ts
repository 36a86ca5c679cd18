import { exactPath, type StoredPath } from '@cyborgbackup/contracts';
import { folderOf, nameOf, PATH_COLUMNS } from '@cyborgbackup/read-models';
import type { GatewayDeps } from '../deps.ts';

/** More are not read: single files are of little use from a repository with so much damage. */
const MAX_BROKEN = 10_000;

const BROKEN = `
  select ${PATH_COLUMNS}
    from catalog.archives a
    join (select distinct job_uuid, number from catalog.broken_entries) b on b.job_uuid = a.job_uuid
    join catalog.entries v on v.series_id = a.series_id and v.number = b.number
    join ${folderOf('v')}
    join ${nameOf('v')}
   where a.job_uuid = $1
   limit ${MAX_BROKEN}`;

const isWithin = (path: string, folders: readonly string[]): boolean =>
  folders.length === 0 || folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/**
 * Files of the selection that are known to be damaged in the repository.
 * @param paths each with all below it; everything when empty
 */
export const findBroken = async (
  { reader }: GatewayDeps,
  job: string,
  paths: readonly string[],
): Promise<readonly string[]> => {
  const rows = await reader.rows<StoredPath>(BROKEN, [job]);
  return rows.map(exactPath).filter((path) => isWithin(path, paths));
};
