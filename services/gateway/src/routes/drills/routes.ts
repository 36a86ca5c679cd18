import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { findRow, idParameter } from '../../http/resource/find-row.ts';
import { answerList, listSchema, pageOf } from '../../http/lists/list-endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { sources } from '../../lists/index.ts';
import { presentClientProof, presentDrill } from './present.ts';
import { CLIENT_PROOFS, drillSource, type ClientProofRow, type DrillRow } from './query.ts';
import { clientProofSchema, drillSchema } from './schema.ts';

const common = { method: 'GET', access: 'user', tag: 'drills' } as const;

const clientProofs = async ({ reader, clock }: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const counted = await reader.row<{ readonly count: number }>('select count(*) as count from inventory.clients');
  const { envelope, limit, offset } = pageOf(request, counted?.count ?? 0);
  const rows = await reader.rows<ClientProofRow>(CLIENT_PROOFS, [limit, offset]);
  const now = clock.now();
  return { body: { ...envelope, results: rows.map((row) => presentClientProof(row, now)) } };
};

const oneDrill = async ({ reader }: GatewayDeps, request: ApiRequest): Promise<ApiAnswer> => {
  const row = await findRow<DrillRow>(reader, drillSource, 'Drill', idParameter(request, 'Drill'));
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
