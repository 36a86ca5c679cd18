import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { badRequest, noSuch } from '../../http/core/http-error.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { parseListQuery, rowsById, sources } from '../../lists/index.ts';
import { isByArchive, listById, parseCursor } from './list-by-id.ts';
import { presentCatalog } from './present.ts';
import { catalogSource, type CatalogRow } from './query.ts';
import { catalogQuery, catalogSchema } from './schema.ts';

const common = { method: 'GET', access: 'user', tag: 'catalogs' } as const;

/** What a row holds is said by the source it is read from. */
const entriesById = async ({ reader }: GatewayDeps, ids: readonly number[]): Promise<readonly CatalogRow[]> =>
  (await rowsById(reader.rows, catalogSource, ids)) as readonly CatalogRow[];

const list = async (deps: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const cursor = parseCursor(request.query.get('cursor'));
  const asked = parseListQuery(sources.catalogs, request.query);
  if (!isByArchive(asked)) {
    if (cursor !== undefined) throw badRequest('cursor: filters of entries, and other orders, go by page.');
    return answerList<CatalogRow>(deps.reader, request, {
      list: sources.catalogs,
      source: catalogSource,
      present: presentCatalog,
    });
  }
  const { ids, ...page } = await listById(deps.reader, asked, { path: request.path, cursor });
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
