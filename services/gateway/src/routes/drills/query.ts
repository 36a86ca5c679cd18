import type { RowSource } from '../../lists/index.ts';

export interface DrillRow {
  readonly id: number;
  readonly policy_id: number | null;
  readonly policy_name: string;
  readonly client_id: number | null;
  readonly client_hostname: string;
  readonly machine: string;
  readonly archive_name: string;
  readonly seed: string;
  readonly requested: string;
  readonly ended: string | null;
  readonly passed: boolean | null;
  readonly files: number;
  readonly failed_files: number;
  readonly bytes: number;
  readonly duration: number | null;
  readonly reason: string;
}

export const drillSource: RowSource = {
  select: `t.id, t.policy_id, t.policy_name, t.client_id, t.client_hostname, t.machine, t.archive_name, t.seed, t.requested,
    t.ended, t.passed, t.files, t.failed_files, t.bytes, t.duration, t.reason`,
  from: 'executor.drills t',
};

export interface ClientProofRow {
  readonly client: number;
  readonly hostname: string;
  readonly enabled: boolean;
  readonly last_proof: string | null;
  readonly drill: number | null;
  readonly last_failure: string | null;
}

/** Clients that nothing was ever proven of come first, then those whose proof is oldest. */
export const CLIENT_PROOFS = `
  select c.id as client, c.hostname, c.enabled,
         max(d.ended) filter (where d.passed) as last_proof,
         (array_agg(d.id order by d.ended desc) filter (where d.passed))[1] as drill,
         max(d.ended) filter (where not d.passed) as last_failure
    from inventory.clients c left join executor.drills d on d.client_uuid = c.uuid
   group by c.uuid
   order by 4 nulls first, c.id
   limit $1 offset $2`;
