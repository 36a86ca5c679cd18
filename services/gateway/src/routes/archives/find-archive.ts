import { isListed, type ListedArchive as EntryRange } from '@cyborgbackup/read-models';
import type { GatewayDeps } from '../../http/deps.ts';
import { badRequest, noSuch, notFound } from '../../http/http-error.ts';

/** An archive whose entries are known. */
export interface ListedArchive extends EntryRange {
  /** Of the job that made it. */
  readonly id: number;
  readonly job_uuid: string;
  readonly name: string;
}

interface FoundRow {
  readonly id: number;
  readonly repository: number | null;
}

const FIND = `
  select j.id, r.id as repository
    from catalog.archives a join scheduler.jobs j on j.uuid = a.job_uuid
         left join inventory.repositories r on r.uuid = a.repository_uuid
   where a.archive_name = $1 and not a.removed and ($2::text is null or r.id::text = $2)
   order by j.id desc limit 2`;

/**
 * The id of the archive of this name.
 * @param repository an id; without it the name must be in one repository only
 * @throws HttpError 404, and 400 when there are several
 */
export const findArchive = async (
  { reader }: GatewayDeps,
  name: string,
  repository: string | null,
): Promise<number> => {
  if (name.includes('\0')) throw noSuch('Archive');
  const rows = await reader.rows<FoundRow>(FIND, [name, repository]);
  const [first, second] = rows;
  if (!first) throw noSuch('Archive');
  if (second && second.repository !== first.repository) {
    throw badRequest('Several repositories have an archive of this name: say which, by repository=ID.');
  }
  return first.id;
};

const LISTED = `
  select j.id, a.job_uuid, a.archive_name as name, a.series_id, a.sequence, a.next_number, a.id_base
    from catalog.archives a join scheduler.jobs j on j.uuid = a.job_uuid
   where j.id = $1 and ${isListed('a')}`;

/** As `findArchive`, with where its entries are. @throws HttpError 404 also for one that is not catalogued */
export const findListedArchive = async (
  deps: GatewayDeps,
  name: string,
  repository: string | null,
): Promise<ListedArchive> => {
  const id = await findArchive(deps, name, repository);
  const row = await deps.reader.row<ListedArchive>(LISTED, [id]);
  if (!row) throw notFound('This archive is not catalogued: its catalog job did not run, or has not come to its end.');
  return row;
};
