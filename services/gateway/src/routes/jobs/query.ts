import type { RowOf } from '@cyborgbackup/projections/define';
import { scheduler } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { authoredSource, type AuthoredRow } from '../../db/authored.ts';

const HIDDEN = [
  ...(['run', 'policy_uuid', 'client_uuid', 'repository_uuid', 'master_job_uuid', 'needs'] as const),
  ...(['cancel_requested', 'correlation_id'] as const),
] as const;

export type JobRow = AuthoredRow<RowOf<typeof scheduler.jobs>, (typeof HIDDEN)[number]> & {
  /** Whether the policy is still there: a job outlives it. */
  readonly has_policy: boolean;
};

export const jobSource: RowSource = authoredSource(scheduler.jobs, {
  hide: HIDDEN,
  more: ['p.id is not null as has_policy'],
  joins: 'left join inventory.policies p on p.uuid = t.policy_uuid',
});
