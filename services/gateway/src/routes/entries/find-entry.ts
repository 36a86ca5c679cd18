import type { StoredPath } from '@cyborgbackup/contracts';
import {
  attributesOf,
  folderOf,
  hasPath,
  isHealthy,
  isInArchive,
  isListed,
  mayHaveId,
  nameOf,
  PATH_COLUMNS,
  type EntryAttributesRow,
  type EntryRow,
} from '@cyborgbackup/read-models';
import type { GatewayDeps } from '../deps.ts';

/*
 * The entries of downloads and restores. The catalog stores an entry once for all consecutive archives that have it
 * (`catalog.entries`), numbered within its series. An entry's id in the API is its archive's `id_base` and that number.
 */

/** An entry, with all that is needed to read it from its archive. */
export interface EntryToRead
  extends
    StoredPath,
    Pick<EntryAttributesRow, 'type' | 'mode'>,
    Pick<EntryRow, 'mtime' | 'size' | 'target' | 'target_raw'> {
  readonly id: number;
  readonly healthy: boolean;
  readonly job_uuid: string;
  readonly archive_name: string;
  readonly repository_uuid: string;
}

const ENTRY = `
  select a.id_base + v.number as id, ${PATH_COLUMNS},
         x.type, x.mode, v.mtime, v.size, v.target, v.target_raw,
         ${isHealthy('a.job_uuid', 'v.number')} as healthy,
         a.job_uuid, a.archive_name, a.repository_uuid`;

/** In SQL, to be joined to an archive `a`: its entries with their folders, names and attributes. */
export const ENTRIES_OF_ARCHIVE = `
    join catalog.entries v on ${isInArchive('v', 'a')}
    join ${folderOf('v')}
    join ${nameOf('v')}
    join ${attributesOf('v')}`;

const IS_IN_REPOSITORY = `${isListed('a')} and a.repository_uuid is not null`;

/**
 * The entry with this id, when its archive is still in its repository. Its archive is the one with the next lower base that
 * has such a number.
 * @param id as the request has it: there is no entry unless it is all digits
 * @param job of the archive that must have the entry; default: any
 */
export const findEntry = async (
  { reader }: GatewayDeps,
  id: number | string,
  job?: string,
): Promise<EntryToRead | undefined> => {
  if (!/^\d{1,15}$/.test(String(id))) return undefined;
  return reader.row<EntryToRead>(
    `${ENTRY}
       from catalog.archives a ${ENTRIES_OF_ARCHIVE}
      where ${mayHaveId('a', '$1::bigint')} and v.number = $1::bigint - a.id_base
        and ${IS_IN_REPOSITORY} and ($2::uuid is null or a.job_uuid = $2)
      order by a.id_base desc limit 1`,
    [Number(id), job ?? null],
  );
};

/** An entry by its path in one archive: `folder` ends with a slash, or is empty. */
const findAt = ({ reader }: GatewayDeps, job: string, path: StoredPath): Promise<EntryToRead | undefined> =>
  reader.row<EntryToRead>(
    `${ENTRY}
       from catalog.archives a ${ENTRIES_OF_ARCHIVE}
      where a.job_uuid = $1 and ${IS_IN_REPOSITORY}
        and ${hasPath('f', '$2', '$3')}
        and n.name = $4 and n.raw is not distinct from $5
      limit 1`,
    [job, path.folder, path.folder_raw, path.name, path.name_raw],
  );

/** A path without slashes at its ends, as the catalog stores it. */
export const storedPath = (path: string): StoredPath => {
  const end = path.lastIndexOf('/') + 1;
  return { folder: path.slice(0, end), folder_raw: null, name: path.slice(end), name_raw: null };
};

/** The entry of this path, which must be Unicode. */
export const findByPath = (deps: GatewayDeps, job: string, path: string): Promise<EntryToRead | undefined> =>
  findAt(deps, job, storedPath(path));

/** The entry that a hard link names; undefined also for a target whose name is not Unicode. */
export const findTarget = async (
  deps: GatewayDeps,
  { job_uuid, target, target_raw }: EntryToRead,
): Promise<EntryToRead | undefined> =>
  target === null || target_raw !== null ? undefined : findByPath(deps, job_uuid, target);
