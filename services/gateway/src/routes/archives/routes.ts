import { z } from 'zod';
import { shortIso, shortIsoOrNull } from '../../db/timestamps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { API_ROOT, linkFields, represent, urlOf, withoutNulls } from '../../http/core/representation.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { archiveQuery, findArchive } from './find-archive.ts';
import type { ArchiveRow } from '../../lists/sources/archives.ts';

const reference = z.int().nullable();

const archiveSchema = z.object({
  ...linkFields,
  id: z.int().describe('Of the job that made it.'),
  type: z.literal('archive'),
  name: z.string(),
  job: z.int(),
  policy: reference,
  client: reference,
  repository: reference,
  machine: z.string().describe('The virtual machine’s id at its hypervisor; empty for a host.'),
  started: z.string(),
  finished: z.string(),
  files: z.int(),
  original_size: z.int(),
  compressed_size: z.int(),
  deduplicated_size: z.int(),
  entries: z.int().describe('In the catalog.'),
  complete: z.boolean().describe('Whether the catalog has all of it.'),
  failed: z.boolean().describe('It is there although its job failed: the source was empty or shrank.'),
  healthy: z.boolean(),
  unsafe: z
    .string()
    .nullable()
    .describe('Why it is neither restored, nor drilled, nor downloaded as a whole; null for an archive that is safe.'),
  checked: z.string().nullable(),
});

const archiveUrl = ({ name, repository }: ArchiveRow, action = ''): string =>
  `${API_ROOT}/archives/${encodeURIComponent(name)}/${action}${repository === null ? '' : `?repository=${repository}`}`;

const presentArchive = (row: ArchiveRow): object => {
  const { id, client, policy, repository } = row;
  return represent(archiveSchema, {
    ...row,
    url: archiveUrl(row),
    related: withoutNulls({
      job: urlOf('jobs', id),
      client: client === null ? null : urlOf('clients', client),
      policy: policy === null ? null : urlOf('policies', policy),
      repository: repository === null ? null : urlOf('repositories', repository),
      tree: archiveUrl(row, 'tree/'),
      catalogs: `${API_ROOT}/catalogs/?job=${id}`,
    }),
    summary_fields: withoutNulls<object>({
      client: client === null ? null : { id: client, hostname: row.client_hostname },
      policy: policy === null ? null : { id: policy, name: row.policy_name },
      repository: repository === null ? null : { id: repository, name: row.repository_name },
    }),
    job: id,
    started: shortIso(row.started),
    finished: shortIso(row.finished),
    checked: shortIsoOrNull(row.checked),
  });
};

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
