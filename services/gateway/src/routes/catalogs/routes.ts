import type { GatewayDeps } from '../../http/deps.ts';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { noSuch } from '../../http/http-error.ts';
import { answerList, listSchema } from '../../http/list-endpoint.ts';
import { API_ROOT } from '../../http/representation.ts';
import { sources } from '../../list/index.ts';
import { presentCatalog } from './present.ts';
import { catalogSource, type CatalogRow } from './query.ts';
import { catalogSchema } from './schema.ts';

const common = { method: 'GET', access: 'user', tag: 'catalogs' } as const;

export const catalogRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    ...common,
    path: `${API_ROOT}/catalogs`,
    summary: 'Retrieve a list of all catalogs entries',
    answers: listSchema(catalogSchema),
    list: sources.catalogs,
    handle: (request) =>
      answerList<CatalogRow>(deps.reader, request, {
        list: sources.catalogs,
        source: catalogSource,
        present: presentCatalog,
      }),
  }),
  endpoint({
    ...common,
    path: `${API_ROOT}/catalogs/:id`,
    summary: 'Retrieve details of a single catalog entry',
    answers: catalogSchema,
    handle: async (request) => {
      const text = request.params['id'] ?? '';
      const row = /^\d{1,15}$/.test(text)
        ? await deps.reader.row<CatalogRow>(
            `select ${catalogSource.select} from ${catalogSource.from} where t.id = $1`,
            [Number(text)],
          )
        : undefined;
      if (!row) throw noSuch('Catalog');
      return { body: presentCatalog(row) };
    },
  }),
];
