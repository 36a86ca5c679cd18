import type { JobEnd, JobType, LaunchType } from '@cyborgbackup/contracts';

/**
 * waiting = waits for other jobs of its run; pending = could run, waits for its repository, its client or an executor;
 * running = an executor has it.
 */
export type JobStatus = 'waiting' | 'pending' | 'running' | JobEnd;

/** A row of `scheduler.jobs`. Sizes in bytes. */
export interface JobRow {
  readonly uuid: string;
  readonly id: number;
  readonly run: string;
  readonly name: string;
  readonly job_type: JobType;
  /** What it does, where its type does not say it all: what a check looks at, or `drill`. */
  readonly task: string | null;
  readonly launch_type: LaunchType;
  /**
   * What a restore puts where (`restoreRequest`), null for other jobs. As the text of its JSON, whose escapes keep paths that
   * are not UTF-8; jsonb refuses them.
   */
  readonly restore: string | null;
  readonly status: JobStatus;
  /** True for failed, error and canceled. */
  readonly failed: boolean;
  readonly policy: number | null;
  readonly policy_uuid: string | null;
  readonly policy_name: string;
  readonly policy_type: string;
  readonly client: number | null;
  readonly client_uuid: string | null;
  readonly client_hostname: string;
  /** The client's virtual machine that it is about. */
  readonly machine_id: string | null;
  readonly machine_name: string | null;
  readonly repository: number | null;
  readonly repository_uuid: string | null;
  readonly repository_name: string;
  readonly schedule: number | null;
  readonly schedule_name: string;
  /** Due time of the run, when a schedule started it. */
  readonly due_at: string | null;
  readonly needs: readonly string[];
  /** The backup that this job follows up. */
  readonly master_job: number | null;
  readonly master_job_uuid: string | null;
  /** The job that comes next. */
  readonly dependent_jobs: number | null;
  readonly archive_name: string | null;
  /** Start of the first attempt. */
  readonly started: string | null;
  readonly finished: string | null;
  readonly attempt: number;
  /** Who ran the latest attempt; empty before the first. */
  readonly executor: string;
  readonly cancel_requested: boolean;
  readonly job_explanation: string;
  readonly warnings: readonly string[];
  /** What it did, see outcome.ts; null until it has ended. */
  readonly result: unknown;
  readonly original_size: number;
  readonly compressed_size: number;
  readonly deduplicated_size: number;
  readonly files: number;
  readonly created: string;
  readonly modified: string;
  /** The user who launched it; null for what a schedule started. */
  readonly created_by: string | null;
  /** The user who launched or canceled it last; what services do with it changes `modified` only. */
  readonly modified_by: string | null;
  /** Of the request that started the run; what follows from it carries it on. */
  readonly correlation_id: string;
  /** Counts the changes of this row: the API's ETag. */
  readonly revision: number;
}
