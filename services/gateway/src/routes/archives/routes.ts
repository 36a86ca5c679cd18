import type { GatewayDeps } from '../../http/deps.ts';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { noSuch } from '../../http/http-error.ts';
import { answerList, listSchema } from '../../http/list-endpoint.ts';
import { API_ROOT } from '../../http/representation.ts';
import { sources } from '../../list/index.ts';
import { diffRoutes } from './diff.ts';
import { findArchive } from './find-archive.ts';
import { presentArchive } from './present.ts';
import { archiveSource, type ArchiveRow } from './query.ts';
import { archiveQuery, archiveSchema } from './schema.ts';
import { searchRoutes } from './search.ts';
import { treeRoutes } from './tree.ts';
import { versionRoutes } from './versions.ts';

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
