import { readSql } from '@cyborgbackup/database';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { represent, urlOf, withoutNulls } from '../../http/core/representation.ts';
import { rowOfPath } from '../../http/resource/find-row.ts';
import { answerList, listSchema, pageOf } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import type { DrillRow } from '../../lists/sources/drills.ts';

const drillSchema = z.object({
  /** Of the drill's job. */
  id: z.int(),
  type: z.literal('drill'),
  url: z.string(),
  related: z.record(z.string(), z.string()),
  policy: z.int().nullable(),
  policy_name: z.string(),
  client: z.int().nullable(),
  client_hostname: z.string(),
  /** A virtual machine of the client, or empty. */
  machine: z.string(),
  archive_name: z.string(),
  /** Which files were picked follows from it. */
  seed: z.string(),
  requested: z.string(),
  ended: z.string().nullable(),
  /** Null until the drill has ended. */
  passed: z.boolean().nullable(),
  files: z.int(),
  /** Those that could not be restored as they were. */
  failed_files: z.int(),
  bytes: z.int(),
  /** Seconds. */
  duration: z.number().nullable(),
  /** Why it failed. */
  reason: z.string(),
});

const clientProofSchema = z.object({
  client: z.int(),
  hostname: z.string(),
  enabled: z.boolean(),
  /** When it was proven last that files of the client can be restored; null = never. */
  last_proof: z.string().nullable(),
  /** Seconds since then. */
  age: z.number().nullable(),
  /** The drill that proved it. */
  drill: z.int().nullable(),
  /** When a drill of the client failed last. */
  last_failure: z.string().nullable(),
  /** Whether the latest drill failed. */
  failing: z.boolean(),
});

type ClientProofRow = Omit<z.output<typeof clientProofSchema>, 'age' | 'failing'>;

/** Clients that nothing was ever proven of come first, then those whose proof is oldest. */
const CLIENT_PROOFS = readSql(new URL('./client-proofs.sql', import.meta.url));

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
  const count = await reader.count('select count(*) as count from inventory.clients');
  const { envelope, limit, offset } = pageOf(request, count);
  const rows = await reader.rows<ClientProofRow>(CLIENT_PROOFS, [limit, offset]);
  const now = clock.now();
  return { body: { ...envelope, results: rows.map((row) => presentClientProof(row, now)) } };
};

/** The path of the clients comes before that of one drill. */
export const drillRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/drills',
    access: 'user',
    summary: 'Retrieve the history of restore drills',
    answers: listSchema(drillSchema),
    list: sources.drills,
    handle: (request) => answerList<DrillRow>(deps.reader, request, { list: sources.drills, present: presentDrill }),
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
    handle: async (request) => ({
      body: presentDrill(await rowOfPath<DrillRow>(deps.reader, sources.drills, request)),
    }),
  }),
];
