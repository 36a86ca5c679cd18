import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { retentionFields } from '../inventory/policy.ts';
import { integerId, sealedText, uuid } from '../text.ts';

/** job = backup, check = preparation of a client or repository. */
export const JOB_TYPES = ['job', 'check', 'catalog', 'prune', 'restore', 'integrity'] as const;
export type JobType = (typeof JOB_TYPES)[number];

export const LAUNCH_TYPES = ['manual', 'relaunch', 'scheduled', 'dependency'] as const;
export type LaunchType = (typeof LAUNCH_TYPES)[number];

export const clientSnapshot = z.object({ id: integerId, uuid, hostname: z.string(), port: z.int() });
export const repositorySnapshot = z.object({ id: integerId, uuid, name: z.string(), path: z.string() });
export const policySnapshot = z.object({
  id: integerId,
  uuid,
  name: z.string(),
  policy_type: z.string(),
  ...retentionFields,
  vmprovider: z.string(),
  mode_pull: z.boolean(),
  prehook: z.string(),
  posthook: z.string(),
});

/** What a restore job puts where. */
export const restoreRequest = z.object({
  /** A path as the archive has it, with all below it; empty = everything. */
  item: z.string(),
  /** A folder on the destination, made when it is not there. */
  dest_folder: z.string(),
  /** Only list what would be written. */
  dry_run: z.boolean(),
});
export type RestoreRequest = z.infer<typeof restoreRequest>;

/** One job of a run. A job waits for all jobs in `needs`; when one of those does not succeed, it is not started. */
export const plannedJob = z.object({
  id: integerId,
  uuid,
  name: z.string(),
  job_type: z.enum(JOB_TYPES),
  launch_type: z.enum(LAUNCH_TYPES),
  client: clientSnapshot.nullable(),
  needs: z.array(uuid),
  /** The archive this job makes (job), lists (catalog) or reads (restore). */
  archive_name: z.string().nullable(),
  /** The backup that this job follows up. */
  master_job: uuid.nullable(),
  /** Its id, when it is a job of an earlier run. */
  master_job_id: integerId.optional(),
  /** Set for restore jobs; their `client` is the destination. */
  restore: restoreRequest.optional(),
});
export type PlannedJob = z.infer<typeof plannedJob>;

/**
 * A policy was launched: everything its jobs need to know, as it was at that moment, in one event, so that a launch is
 * never half done. Stream `run-<uuid>`.
 */
export const runRequested = defineEvent({
  type: 'run-requested',
  version: 1,
  schema: z.object({
    uuid,
    policy: policySnapshot.nullable(),
    repository: repositorySnapshot.nullable(),
    schedule: z.object({ id: integerId, name: z.string() }).nullable(),
    /** Due time of a scheduled run. */
    due_at: z.string().nullable(),
    extra_vars: sealedText.nullable(),
    jobs: z.array(plannedJob).min(1),
  }),
  sealed: {
    subject: (data) => (data.policy ? `policy-${data.policy.uuid}` : `run-${data.uuid}`),
    fields: ['extra_vars'],
  },
});

export const runEvents = [runRequested] as const;
export type RunEvent = EventOf<(typeof runEvents)[number]>;
export type RunRequested = EventOf<typeof runRequested>['data'];

export const runStream = (run: string): string => `run-${run}`;
