import {
  checkResult,
  JOB_TYPES,
  LAUNCH_TYPES,
  restoreRequest,
  restoreResult,
  schedulerCommands,
  virtualMachine,
} from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';

/** The API also has `new`, which no job ever is. */
const JOB_STATUSES = ['new', 'pending', 'waiting', 'running', 'successful', 'failed', 'error', 'canceled'] as const;

const id = z.int().nullable();

const jobResult = z.object({
  /** In the archive; null where there is none. */
  files: z.int().nullable(),
  restored: restoreResult.nullable(),
  check: checkResult.nullable(),
  /** Files that were extracted and compared; see drills. */
  drill: z.object({ archive: z.string(), passed: z.boolean(), files: z.int(), bytes: z.int() }).nullable(),
  /** Archives that it removed. */
  pruned: z.array(z.string()),
  /** Machines that it found on a hypervisor. */
  machines: z.array(virtualMachine),
});

/** The request of a restore, with all defaults filled in. */
export const restoreSchema = restoreRequest.extend({
  item: z.string().describe('A path of the archive; empty for those of `items`, or for everything.'),
  items: z.array(z.string()).describe('Also those that were sent as ids of entries.'),
  patterns: z.array(z.string()),
  destination: restoreRequest.shape.destination.describe(
    'The job’s `client`, or the host on which the repository lies.',
  ),
  dest_folder: z.string().describe('Empty: in place, where everything was.'),
  allow_unsafe: restoreRequest.shape.allow_unsafe.describe('Unsafe entries of the archive are left out.'),
});

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
  /** Further than its type: what a check checks, or `drill`. */
  task: z.string().nullable(),
  /** The virtual machine of a hypervisor that it is about. */
  machine: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** The occurrence of its schedule that it belongs to. */
  due_at: z.string().nullable(),
  restore: restoreSchema.nullable().describe('What a restore was asked for; null for other jobs.'),
  /** From 1; 0 before the first one. */
  attempt: z.int(),
  /** The process that runs it, or ran it last; empty before. */
  executor: z.string(),
  /** What borg warned of. */
  warnings: z.array(z.string()),
  /** What it did beside its archive; null until it has ended. */
  result: jobResult.nullable(),
});

/** The answer to a request that starts a job: the job, with its id as `job` too. */
export const startedJobSchema = z.object({ job: z.int(), ...jobSchema.shape });

const { state, reason, blocked_by, ahead } = schedulerCommands.explain.output.shape;

/** Why a job does not run yet. */
const waiting = z.object({
  state,
  reason,
  blocked_by: z.array(blocked_by.element.extend({ url: z.string() })),
  ahead,
});

export const jobDetailSchema = jobSchema.extend({
  /** Null for a job that has started, and when the scheduler cannot say. */
  waiting: waiting.nullable(),
});
