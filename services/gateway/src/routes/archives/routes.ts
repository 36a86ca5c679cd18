import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { findArchive } from './find-archive.ts';
import { presentArchive } from './present.ts';
import type { ArchiveRow } from '../../lists/sources/archives.ts';
import { archiveQuery, archiveSchema } from './schema.ts';

/** The archives in the repositories, answered from the catalog alone. */
export const archiveRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/archives',
    access: 'user',
    summary: 'Retrieve a list of all archives that are in their repositories',
    answers: listSchema(archiveSchema),
    list: sources.archives,
    handle: (request) =>
      answerList<ArchiveRow>(deps.reader, request, {
        list: sources.archives,
        present: presentArchive,
      }),
  }),
  endpoint({
    route: 'GET /api/v1/archives/:name',
    access: 'user',
    summary: 'Retrieve details of a single archive',
    query: archiveQuery,
    answers: archiveSchema,
    handle: async ({ params, query }) => {
      const archive = await findArchive(deps, params['name'] ?? '', query.get('repository') ?? '');
      const row =
        archive &&
        (await deps.reader.row<ArchiveRow>(
          `select ${sources.archives.rows.select} from ${sources.archives.rows.from} where t.uuid = $1`,
          [archive.job_uuid],
        ));
      if (!row) throw noSuch('Archive');
      return { body: presentArchive(row) };
    },
  }),
];
