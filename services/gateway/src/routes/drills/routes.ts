import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { represent, urlOf, withoutNulls } from '../../http/core/representation.ts';
import { findRow, idParameter } from '../../http/resource/find-row.ts';
import { answerList, listSchema, pageOf } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import { CLIENT_PROOFS, drillSource, type ClientProofRow, type DrillRow } from './query.ts';
import { clientProofSchema, drillSchema } from './schema.ts';

const presentDrill = (row: DrillRow): object =>
  represent(drillSchema, {
    ...row,
    url: urlOf('drills', row.id),
    related: withoutNulls({
      job: urlOf('jobs', row.id),
      policy: row.policy_id === null ? null : urlOf('policies', row.policy_id),
      client: row.client_id === null ? null : urlOf('clients', row.client_id),
    }),
    policy: row.policy_id,
    client: row.client_id,
  });

/** @param now milliseconds since the epoch */
const presentClientProof = (row: ClientProofRow, now: number): object => {
  const { last_proof, last_failure } = row;
  return {
    ...row,
    age: last_proof === null ? null : Math.max(0, (now - Date.parse(last_proof)) / 1000),
    failing: last_failure !== null && (last_proof === null || Date.parse(last_failure) > Date.parse(last_proof)),
  };
};

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
    route: 'GET /api/v1/drills',
    access: 'user',
    summary: 'Retrieve the history of restore drills',
    answers: listSchema(drillSchema),
    list: sources.drills,
    handle: (request) =>
      answerList<DrillRow>(deps.reader, request, { list: sources.drills, source: drillSource, present: presentDrill }),
  }),
  endpoint({
    route: 'GET /api/v1/drills/clients',
    access: 'user',
    summary: 'Retrieve when it was last proven of each client that it can be restored, the oldest proof first',
    answers: listSchema(clientProofSchema),
    handle: (request) => clientProofs(deps, request),
  }),
  endpoint({
    route: 'GET /api/v1/drills/:id',
    access: 'user',
    summary: 'Retrieve details of a single restore drill',
    answers: drillSchema,
    handle: (request) => oneDrill(deps, request),
  }),
];
