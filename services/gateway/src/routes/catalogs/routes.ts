import { exactPath } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { shortIso } from '../../db/timestamps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { badRequest, noSuch } from '../../http/core/http-error.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { represent, urlOf } from '../../http/core/representation.ts';
import { parseListQuery, rowsById, sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { isByArchive, listById, parseCursor } from './list-by-id.ts';
import type { CatalogRow } from '../../lists/sources/catalogs.ts';

const catalogSchema = z.object({
  id: z.int(),
  url: z.string(),
  archive_name: z.string(),
  path: z.string().describe('Bytes that are not UTF-8 are U+DC80 to U+DCFF, as in Python and borg.'),
  job: z.int(),
  mode: z.string(),
  mtime: z.string(),
  owner: z.string(),
  group: z.string(),
  size: z.int(),
  healthy: z.boolean(),
});

const catalogQuery = z.object({
  cursor: z
    .string()
    .describe(
      'The last id of the page before, as `next` has it: the page begins right behind it, which costs the same at any depth. ' +
        'Without filters, or with `archive_name` or `job` ones, in the order of ids.',
    )
    .optional(),
});

export const presentCatalog = (row: CatalogRow): object =>
  represent(catalogSchema, {
    ...row,
    url: urlOf('catalogs', row.id),
    path: exactPath(row),
    mtime: shortIso(row.mtime),
  });

const entriesById = ({ reader }: GatewayDeps, ids: readonly number[]): Promise<readonly CatalogRow[]> =>
  rowsById<CatalogRow>(reader.rows, sources.catalogs.rows, ids);

const list = async (deps: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const cursor = parseCursor(request.query.get('cursor'));
  const query = parseListQuery(sources.catalogs, request.query);
  if (!isByArchive(query)) {
    if (cursor !== undefined) throw badRequest('cursor: filters of entries, and other orders, go by page.');
    return answerList<CatalogRow>(deps.reader, request, {
      list: sources.catalogs,
      query,
      present: presentCatalog,
    });
  }
  const { ids, ...page } = await listById(deps.reader, query, { path: request.path, cursor });
  return { body: { ...page, results: (await entriesById(deps, ids)).map(presentCatalog) } };
};

export const catalogRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/catalogs',
    access: 'user',
    summary: 'Retrieve a list of all catalogs entries',
    query: catalogQuery,
    answers: listSchema(catalogSchema),
    list: sources.catalogs,
    handle: (request) => list(deps, request),
  }),
  endpoint({
    route: 'GET /api/v1/catalogs/:id',
    access: 'user',
    summary: 'Retrieve details of a single catalog entry',
    answers: catalogSchema,
    handle: async (request) => {
      const text = request.params['id'] ?? '';
      const [row] = /^\d{1,15}$/.test(text) ? await entriesById(deps, [Number(text)]) : [];
      if (!row) throw noSuch('Catalog');
      return { body: presentCatalog(row) };
    },
  }),
];
