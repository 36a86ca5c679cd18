import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { idParameter } from '../../http/core/id-parameter.ts';
import { answerList, envelope, listSchema } from '../../http/lists/list-endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { sources } from '../../lists/index.ts';
import { presentClientProof, presentDrill } from './present.ts';
import { CLIENT_PROOFS, drillSource, type ClientProofRow, type DrillRow } from './query.ts';
import { clientProofSchema, drillSchema } from './schema.ts';

const common = { method: 'GET', access: 'user', tag: 'drills' } as const;

const clientProofs = async ({ reader, clock }: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const counted = await reader.row<{ readonly count: number }>('select count(*) as count from inventory.clients');
  const { size, page, ...rest } = envelope(request, counted?.count ?? 0);
  const rows = await reader.rows<ClientProofRow>(CLIENT_PROOFS, [size, (page - 1) * size]);
  const now = clock.now();
  return { body: { ...rest, results: rows.map((row) => presentClientProof(row, now)) } };
};

const oneDrill = async ({ reader }: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const id = idParameter(request, 'Drill');
  const row = await reader.row<DrillRow>(`select ${drillSource.select} from ${drillSource.from} where t.id = $1`, [id]);
  if (!row) throw noSuch('Drill');
  return { body: presentDrill(row) };
};

/** The path of the clients comes before that of one drill. */
export const drillRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    ...common,
    path: `${API_ROOT}/drills`,
    summary: 'Retrieve the history of restore drills',
    answers: listSchema(drillSchema),
    list: sources.drills,
    handle: (request) =>
      answerList<DrillRow>(deps.reader, request, { list: sources.drills, source: drillSource, present: presentDrill }),
  }),
  endpoint({
    ...common,
    path: `${API_ROOT}/drills/clients`,
    summary: 'Retrieve when it was last proven of each client that it can be restored, the oldest proof first',
    answers: listSchema(clientProofSchema),
    handle: (request) => clientProofs(deps, request),
  }),
  endpoint({
    ...common,
    path: `${API_ROOT}/drills/:id`,
    summary: 'Retrieve details of a single restore drill',
    answers: drillSchema,
    handle: (request) => oneDrill(deps, request),
  }),
];
