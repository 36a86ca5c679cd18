import { JOB_TYPES, LAUNCH_TYPES } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/representation.ts';

export const JOB_STATUSES = [
  'new',
  'pending',
  'waiting',
  'running',
  'successful',
  'failed',
  'error',
  'canceled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const id = z.int().nullable();

export const jobSchema = z.object({
  ...commonSchema,
  type: z.literal('job'),
  name: z.string(),
  launch_type: z.enum(LAUNCH_TYPES),
  status: z.enum(JOB_STATUSES),
  policy: id,
  failed: z.boolean(),
  started: z.string().nullable(),
  finished: z.string().nullable(),
  /** Seconds; it counts on while the job runs. */
  elapsed: z.number(),
  job_args: z.string(),
  original_size: z.int(),
  compressed_size: z.int(),
  deduplicated_size: z.int(),
  archive_name: z.string().nullable(),
  job_cwd: z.string(),
  job_env: z.string(),
  job_explanation: z.string(),
  client: id,
  repository: id,
  /** The job that this one follows up. */
  master_job: id,
  /** The job that follows up this one. */
  dependent_jobs: id,
  result_traceback: z.string(),
  event_processing_finished: z.boolean(),
  job_type: z.enum(JOB_TYPES),
});
