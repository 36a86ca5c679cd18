import { exactPath, type StoredPath } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../deps.ts';

/** More are not read: single files are of little use from a repository with so much damage. */
const MAX_BROKEN = 10_000;

const BROKEN = `
  select f.path as folder, f.raw as folder_raw, n.name, n.raw as name_raw
    from catalog.archives a
    join (select distinct job_uuid, number from catalog.broken) b on b.job_uuid = a.job_uuid
    join catalog.versions v on v.series = a.series and v.number = b.number
    join catalog.folders f on f.series = v.series and f.id = v.folder
    join catalog.names n on n.id = v.name
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
