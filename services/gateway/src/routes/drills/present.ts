import { represent, urlOf, withoutNulls } from '../../http/core/representation.ts';
import type { ClientProofRow, DrillRow } from './query.ts';
import { drillSchema } from './schema.ts';

export const presentDrill = (row: DrillRow): object =>
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
export const presentClientProof = (row: ClientProofRow, now: number): object => {
  const { last_proof, last_failure } = row;
  return {
    ...row,
    age: last_proof === null ? null : Math.max(0, (now - Date.parse(last_proof)) / 1000),
    failing: last_failure !== null && (last_proof === null || Date.parse(last_failure) > Date.parse(last_proof)),
  };
};
