import { attributesOf, folderOf, hasPath, isInSequence, nameOf } from '@cyborgbackup/read-models';
import type { GatewayDeps } from '../../deps.ts';
import { badRequest, notFound } from '../../../http/core/http-error.ts';
import type { FoundArchive } from '../find-archive.ts';

/** A folder of an archive, with the totals of all in and below it. */
export interface FoundFolder {
  readonly id: number;
  /** With a slash at its end; the root is empty. */
  readonly path: string;
  /** base64 of the path's bytes where they are not UTF-8. */
  readonly raw: string | null;
  /** Everything, folders too. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * In SQL: the value of `catalog.folders.raw` for the folder of an entry, which is in the folder `above` and has the name `n`: null
 * where both are UTF-8, else the bytes of the whole path in base64, in one line.
 */
export const FOLDER_RAW = `
  case when above.raw is not null or n.raw is not null then
    translate(encode(
      coalesce(decode(above.raw, 'base64'), convert_to(above.path, 'UTF8'))
        || coalesce(decode(n.raw, 'base64'), convert_to(n.name, 'UTF8')) || '\\x2f'::bytea, 'base64'), E'\\n', '')
  end`;

const TOTALS = `
  select found.id, found.path, found.raw, coalesce(sum(t.entries), 0) as entries, coalesce(sum(t.files), 0) as files,
         coalesce(sum(t.bytes), 0) as bytes
    from found left join catalog.folder_totals t on t.series_id = $1 and t.folder_id = found.id and t.sequence <= $2
   group by found.id, found.path, found.raw`;

const BY_PATH = `
  with found as (
    select id, path, raw from catalog.folders f
     where series_id = $1 and ${hasPath('f', '$3::text', 'null')}
  ) ${TOTALS}`;

/** A folder that has an entry. An empty one may have no row of its own; its id is -1 then. */
const ofEntry = (condition: string): string => `
  with found as (
    select coalesce(f.id, -1) as id, above.path || n.name || '/' as path, ${FOLDER_RAW} as raw
      from catalog.entries v
           join ${folderOf('v', 'above')}
           join ${nameOf('v')}
           join ${attributesOf('v')} and x.type = 'd'
           left join catalog.folders f on f.series_id = v.series_id and f.parent_id = above.id
                and f.path = above.path || n.name || '/' and f.raw is not distinct from ${FOLDER_RAW}
     where v.series_id = $1 and ${isInSequence('v', '$2')} and ${condition}
     limit 1
  ) ${TOTALS}`;

const BY_ENTRY = ofEntry('v.number = $3');

const BY_LISTED_PATH = ofEntry(`
  ${hasPath('above', '$3::text', 'null')} and n.name = $4 and n.raw is null`);

/** Slashes at either end of the text do not matter. */
const folderPath = (text: string): string => {
  const inner = text.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `${inner}/`;
};

const EMPTY: FoundFolder = { id: 0, path: '', raw: null, entries: 0, files: 0, bytes: 0 };

const byEntry = (
  { reader }: GatewayDeps,
  { series_id, sequence, id_base }: FoundArchive,
  entry: string,
): Promise<FoundFolder | undefined> => {
  if (!/^\d{1,15}$/.test(entry)) throw badRequest('entry: give the id of a folder’s catalog entry.');
  return reader.row<FoundFolder>(BY_ENTRY, [series_id, sequence, Number(entry) - id_base]);
};

const byPath = async (
  { reader }: GatewayDeps,
  { series_id, sequence }: FoundArchive,
  path: string,
): Promise<FoundFolder | undefined> => {
  const found = await reader.row<FoundFolder>(BY_PATH, [series_id, sequence, path]);
  if (found && found.entries > 0) return found;
  if (path === '') return EMPTY;
  const start = path.lastIndexOf('/', path.length - 2) + 1;
  return reader.row<FoundFolder>(BY_LISTED_PATH, [series_id, sequence, path.slice(0, start), path.slice(start, -1)]);
};

/**
 * The folder of this path, which may be empty. Every archive has a root.
 * @param entry in place of a path: the id of the folder's catalog entry, needed for folders that are not UTF-8
 * @throws HttpError 400, 404
 */
export const findFolder = async (
  deps: GatewayDeps,
  archive: FoundArchive,
  { path, entry }: { readonly path: string; readonly entry: string | null },
): Promise<FoundFolder> => {
  if (path.includes('\0')) throw badRequest('path: null characters are not allowed.');
  const found = entry === null ? await byPath(deps, archive, folderPath(path)) : await byEntry(deps, archive, entry);
  if (!found) throw notFound('This archive has no such folder.');
  return found;
};
