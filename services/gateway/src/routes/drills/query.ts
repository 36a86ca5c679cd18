import type { RowOf } from '@cyborgbackup/projections/define';
import { executor } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { columnsOf } from '../../db/authored.ts';

const HIDDEN = ['job', 'policy_uuid', 'client_uuid', 'requested_at', 'ended_at'] as const;

type StoredDrill = RowOf<typeof executor.drills>;

export type DrillRow = Omit<StoredDrill, (typeof HIDDEN)[number]> & {
  readonly requested: StoredDrill['requested_at'];
  readonly ended: StoredDrill['ended_at'];
};

export const drillSource: RowSource = {
  select: `${columnsOf(executor.drills, HIDDEN)}, t.requested_at as requested, t.ended_at as ended`,
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
         max(d.ended_at) filter (where d.passed) as last_proof,
         (array_agg(d.id order by d.ended_at desc) filter (where d.passed))[1] as drill,
         max(d.ended_at) filter (where not d.passed) as last_failure
    from inventory.clients c left join executor.drills d on d.client_uuid = c.uuid
   group by c.uuid
   order by 4 nulls first, c.id
   limit $1 offset $2`;
