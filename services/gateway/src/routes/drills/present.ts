import { pick, urlOf } from '../../http/core/representation.ts';
import type { ClientProofRow, DrillRow } from './query.ts';

export const presentDrill = (row: DrillRow): object => ({
  id: row.id,
  type: 'drill',
  url: urlOf('drills', row.id),
  related: {
    job: urlOf('jobs', row.id),
    ...(row.policy_id === null ? {} : { policy: urlOf('policies', row.policy_id) }),
    ...(row.client_id === null ? {} : { client: urlOf('clients', row.client_id) }),
  },
  policy: row.policy_id,
  policy_name: row.policy_name,
  client: row.client_id,
  ...pick(row, ['client_hostname', 'machine', 'archive_name', 'seed', 'requested', 'ended', 'passed']),
  ...pick(row, ['files', 'failed_files', 'bytes', 'duration', 'reason']),
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
