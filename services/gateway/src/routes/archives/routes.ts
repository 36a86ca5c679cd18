import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { sources } from '../../lists/index.ts';
import { diffRoutes } from './diff/diff.ts';
import { findArchive } from './find-archive.ts';
import { presentArchive } from './present.ts';
import { archiveSource, type ArchiveRow } from './query.ts';
import { archiveQuery, archiveSchema } from './schema.ts';
import { searchRoutes } from '../search/search.ts';
import { treeRoutes } from './tree/tree.ts';
import { versionRoutes } from '../versions/versions.ts';

const path = `${API_ROOT}/archives`;
const common = { method: 'GET', access: 'user', tag: 'archives' } as const;

/** What is in the repositories, answered by the catalog alone. */
export const archiveRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    ...common,
    path,
    summary: 'Retrieve a list of all archives that are in their repositories',
    answers: listSchema(archiveSchema),
    list: sources.archives,
    handle: (request) =>
      answerList<ArchiveRow>(deps.reader, request, {
        list: sources.archives,
        source: archiveSource,
        present: presentArchive,
      }),
  }),
  endpoint({
    ...common,
    path: `${path}/:name`,
    summary: 'Retrieve details of a single archive',
    query: archiveQuery,
    answers: archiveSchema,
    handle: async ({ params, query }) => {
      const id = await findArchive(deps, params['name'] ?? '', query.get('repository'));
      const row = await deps.reader.row<ArchiveRow>(
        `select ${archiveSource.select} from ${archiveSource.from} where t.id = $1`,
        [id],
      );
      if (!row) throw noSuch('Archive');
      return { body: presentArchive(row) };
    },
  }),
  ...treeRoutes(deps),
  ...diffRoutes(deps),
  ...searchRoutes(deps),
  ...versionRoutes(deps),
];
