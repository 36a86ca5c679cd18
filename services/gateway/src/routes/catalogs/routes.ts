import { exactPath } from '@cyborgbackup/contracts';
import { shortIso } from '../../db/timestamps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { badRequest, noSuch } from '../../http/core/http-error.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { API_ROOT, represent, urlOf } from '../../http/core/representation.ts';
import { parseListQuery, rowsById, sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { isByArchive, listById, parseCursor } from './list-by-id.ts';
import { catalogSource, type CatalogRow } from './query.ts';
import { catalogQuery, catalogSchema } from './schema.ts';

const common = { method: 'GET', access: 'user', tag: 'catalogs' } as const;

export const presentCatalog = (row: CatalogRow): object =>
  represent(catalogSchema, {
    ...row,
    url: urlOf('catalogs', row.id),
    path: exactPath(row),
    mtime: shortIso(row.mtime),
  });

/** The type of the rows follows from the source, which is text. */
const entriesById = async ({ reader }: GatewayDeps, ids: readonly number[]): Promise<readonly CatalogRow[]> =>
  (await rowsById(reader.rows, catalogSource, ids)) as readonly CatalogRow[];

const list = async (deps: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const cursor = parseCursor(request.query.get('cursor'));
  const query = parseListQuery(sources.catalogs, request.query);
  if (!isByArchive(query)) {
    if (cursor !== undefined) throw badRequest('cursor: filters of entries, and other orders, go by page.');
    return answerList<CatalogRow>(deps.reader, request, {
      list: sources.catalogs,
      source: catalogSource,
      query,
      present: presentCatalog,
    });
  }
  const { ids, ...page } = await listById(deps.reader, query, { path: request.path, cursor });
  return { body: { ...page, results: (await entriesById(deps, ids)).map(presentCatalog) } };
};

export const catalogRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    ...common,
    path: `${API_ROOT}/catalogs`,
    summary: 'Retrieve a list of all catalogs entries',
    query: catalogQuery,
    answers: listSchema(catalogSchema),
    list: sources.catalogs,
    handle: (request) => list(deps, request),
  }),
  endpoint({
    ...common,
    path: `${API_ROOT}/catalogs/:id`,
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
