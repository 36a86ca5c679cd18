import type { GatewayDeps } from '../../http/deps.ts';
import { badRequest, notFound } from '../../http/http-error.ts';
import type { ListedArchive } from './find-archive.ts';
import { FOLDER_RAW } from './folder-raw.ts';

/** A folder of an archive, with what lies in and below it. */
export interface FoundFolder {
  readonly id: number;
  /** With a slash at its end; the one above all is empty. */
  readonly path: string;
  /** base64 of the path's bytes where they are not UTF-8. */
  readonly raw: string | null;
  /** Everything, folders too. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
}

const TOTALS = `
  select found.id, found.path, found.raw, coalesce(sum(t.entries), 0) as entries, coalesce(sum(t.files), 0) as files,
         coalesce(sum(t.bytes), 0) as bytes
    from found left join catalog.folder_totals t on t.series = $1 and t.folder = found.id and t.sequence <= $2
   group by found.id, found.path, found.raw`;

const BY_PATH = `
  with found as (
    select id, path, raw from catalog.folders
     where series = $1 and hashtextextended(path, 0) = hashtextextended($3::text, 0) and path = $3 and raw is null
  ) ${TOTALS}`;

const BY_ENTRY = `
  with found as (
    select f.id, f.path, f.raw
      from catalog.versions v
           join catalog.folders above on above.series = v.series and above.id = v.folder
           join catalog.names n on n.id = v.name
           join catalog.folders f on f.series = v.series and f.parent = above.id
                and f.path = above.path || n.name || '/' and f.raw is not distinct from ${FOLDER_RAW}
     where v.series = $1 and v.number = $3 and v.first_seq <= $2 and v.last_seq >= $2
  ) ${TOTALS}`;

/** As people write it: slashes at either end do not matter. */
const folderPath = (text: string): string => {
  const inner = text.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `${inner}/`;
};

const EMPTY: FoundFolder = { id: 0, path: '', raw: null, entries: 0, files: 0, bytes: 0 };

const byEntry = (
  { reader }: GatewayDeps,
  { series, sequence, id_base }: ListedArchive,
  entry: string,
): Promise<FoundFolder | undefined> => {
  if (!/^\d{1,15}$/.test(entry)) throw badRequest('entry: give the id of a folder’s catalog entry.');
  return reader.row<FoundFolder>(BY_ENTRY, [series, sequence, Number(entry) - id_base]);
};

/**
 * The folder of this path; an archive has the one above all also when it is empty.
 * @param entry in place of a path: the id of the folder's catalog entry, which also names folders that are not UTF-8
 * @throws HttpError 400, 404
 */
export const findFolder = async (
  deps: GatewayDeps,
  archive: ListedArchive,
  { path, entry }: { readonly path: string; readonly entry: string | null },
): Promise<FoundFolder> => {
  if (path.includes('\0')) throw badRequest('path: null characters are not allowed.');
  const wanted = folderPath(path);
  const found =
    entry === null
      ? await deps.reader.row<FoundFolder>(BY_PATH, [archive.series, archive.sequence, wanted])
      : await byEntry(deps, archive, entry);
  if (found && found.entries > 0) return found;
  if (entry === null && wanted === '') return EMPTY;
  throw notFound('This archive has no such folder, or nothing in it.');
};
