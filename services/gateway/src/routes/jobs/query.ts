import type { JobType, LaunchType } from '@cyborgbackup/contracts';
import type { RowSource } from '../../lists/index.ts';
import type { CommonRow } from '../../http/core/representation.ts';
import { authorColumns, authorJoins, columnsOf } from '../../db/authored.ts';
import type { JobStatus } from './schema.ts';

export interface JobRow extends CommonRow {
  readonly uuid: string;
  readonly revision: number;
  readonly name: string;
  readonly job_type: JobType;
  readonly launch_type: LaunchType;
  readonly status: JobStatus;
  readonly failed: boolean;
  readonly policy: number | null;
  readonly policy_name: string;
  readonly policy_type: string;
  readonly client: number | null;
  readonly client_hostname: string;
  readonly repository: number | null;
  readonly repository_name: string;
  readonly schedule: number | null;
  readonly schedule_name: string;
  readonly master_job: number | null;
  readonly dependent_jobs: number | null;
  readonly archive_name: string | null;
  readonly started: string | null;
  readonly finished: string | null;
  readonly job_explanation: string;
  readonly warnings: readonly string[];
  /** Null until the job has ended. */
  readonly result: unknown;
  readonly attempt: number;
  readonly task: string | null;
  /** JSON; null for a job that restores nothing. */
  readonly restore: string | null;
  readonly machine_id: string | null;
  readonly machine_name: string | null;
  readonly due_at: string | null;
  readonly executor: string;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  readonly files: number;
  /** Whether the policy is still there: a job outlives it. */
  readonly has_policy: boolean;
}

const columns =
  `id uuid created modified revision name job_type launch_type status failed policy policy_name policy_type
  client client_hostname repository repository_name schedule schedule_name master_job dependent_jobs archive_name started
  finished job_explanation warnings result original_size compressed_size deduplicated_size files attempt executor task machine_id
  machine_name due_at restore`.split(/\s+/);

export const jobSource: RowSource = {
  select: `${columnsOf(columns)}, ${authorColumns}, p.id is not null as has_policy`,
  from: `scheduler.jobs t ${authorJoins} left join inventory.policies p on p.uuid = t.policy_uuid`,
};
