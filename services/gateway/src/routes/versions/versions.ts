import { exactPath, type StoredPath } from '@cyborgbackup/contracts';
import { attributesOf, folderOf, isInArchive, isListed, PATH_COLUMNS } from '@cyborgbackup/read-models';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { badRequest, noSuch } from '../../http/core/http-error.ts';
import { represent, urlOf } from '../../http/core/representation.ts';
import { listSchema, pageOf } from '../../http/lists/list-endpoint.ts';
import { rowsById, sources } from '../../lists/index.ts';
import { storedPath } from '../entries/find-entry.ts';
import { ENTRY_COLUMNS, entrySchema, presentEntry, type EntryRow } from '../entries/entry.ts';
import { findSeries, OWNER_COLUMNS, ownerFields, ownerJoins, seriesQuery, type OwnerRow } from '../entries/series.ts';
import { presentSpan, SPAN_COLUMNS, spanFields, type SpanRow } from '../entries/span.ts';

interface VersionRow extends EntryRow, StoredPath, OwnerRow, SpanRow {
  /** Of the last archive that has it. */
  readonly id_base: number;
}

/** Versions of entries with the archives that have them. */
const VERSIONS = `
  from catalog.entry_names n
       join catalog.entries v on v.name_id = n.id
       join ${folderOf('v')}
       join ${attributesOf('v')}
       cross join lateral (
         select ${SPAN_COLUMNS}, (array_agg(a.id_base order by a.started_at desc, a.position desc))[1] as id_base
           from catalog.archives a
          where ${isListed('a')} and ${isInArchive('v', 'a')}
         having count(*) > 0
       ) span`;

/** $1 folder, $2 its bytes, $3 name, $4 its bytes, $5 series or null, $6 whether any bytes will do that look like this. */
const OF_PATH = `
 where f.path = $1 and n.name = $3
   and ($6 or f.raw is not distinct from $2 and n.raw is not distinct from $4)
   and ($5::int4[] is null or v.series_id = any($5))`;

/**
 * A URL cannot hold half a character: of a name that is not UTF-8, its bytes (`%FF`) come as the sign that stands for them
 * here and in the tables. Names that look alike are told apart by their `entry` only.
 */
const isReadableForm = (query: URLSearchParams): boolean =>
  !query.has('entry') && (query.get('path') ?? '').includes('\uFFFD');

const MAX_PATH = 16_384;

/** @throws HttpError 400, 404 */
const pathOf = async ({ reader }: GatewayDeps, query: URLSearchParams): Promise<StoredPath> => {
  const entry = query.get('entry');
  if (entry !== null) {
    if (!/^\d{1,15}$/.test(entry)) throw badRequest('entry: give the id of a catalog entry.');
    const [row] = await rowsById<StoredPath>(reader.rows, sources.catalogs.rows, [Number(entry)]);
    if (!row) throw noSuch('Catalog');
    return row;
  }
  const path = query.get('path') ?? '';
  if (path === '' || path.length > MAX_PATH || path.includes('\0')) throw badRequest('path: give the path of a file.');
  return storedPath(path.replace(/^\/+|\/+$/g, ''));
};

const versionSchema = z.object({
  ...entrySchema.shape,
  url: z.string(),
  path: z.string(),
  ...ownerFields,
  ...spanFields,
});

const present = (row: VersionRow): object =>
  represent(versionSchema, {
    ...row,
    ...presentEntry(row, row.id_base),
    ...presentSpan(row),
    url: urlOf('catalogs', row.id_base + row.number),
    path: exactPath(row),
  });

export const versionsRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/versions',
    access: 'user',
    summary: 'Retrieve all versions of one file across all archives, the latest first',
    query: z.object({
      path: z
        .string()
        .max(MAX_PATH)
        .describe('As `catalogs` has it; bytes that are not UTF-8 as `%FF` or as U+FFFD.')
        .optional(),
      entry: z.string().describe('In place of `path`: the id of a catalog entry of the file.').optional(),
      ...seriesQuery,
    }),
    answers: listSchema(versionSchema),
    handle: async (request) => {
      const { folder, folder_raw, name, name_raw } = await pathOf(deps, request.query);
      const series = await findSeries(deps, request.query);
      const values = [folder, folder_raw, name, name_raw, series, isReadableForm(request.query)];
      const count = await deps.reader.count(`select count(*) as count ${VERSIONS} ${OF_PATH}`, values);
      const { envelope, limit, offset } = pageOf(request, count);
      const rows = await deps.reader.rows<VersionRow>(
        `select ${ENTRY_COLUMNS}, ${PATH_COLUMNS}, span.*, ${OWNER_COLUMNS}
           ${VERSIONS} ${ownerJoins('v.series_id')} ${OF_PATH}
          order by span.last_started desc, v.series_id, v.number desc limit $7 offset $8`,
        [...values, limit, offset],
      );
      return { body: { ...envelope, results: rows.map(present) } };
    },
  });
