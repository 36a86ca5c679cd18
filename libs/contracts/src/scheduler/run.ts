import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { clientSnapshot, virtualMachine } from '../inventory/client.ts';
import { policySecrets, policySnapshot } from '../inventory/policy.ts';
import { repositorySnapshot } from '../inventory/repository.ts';
import { archivePath, integerId, requiredText, uuid } from '../wire/scalars.ts';

/** job = backup; what a check looks at is in `check`. */
export const JOB_TYPES = ['job', 'check', 'catalog', 'prune', 'restore', 'integrity'] as const;
export type JobType = (typeof JOB_TYPES)[number];

export const LAUNCH_TYPES = ['manual', 'relaunch', 'scheduled', 'dependency'] as const;
export type LaunchType = (typeof LAUNCH_TYPES)[number];

/** What a restore does with an existing file. */
export const REPLACE_POLICIES = ['always', 'newer', 'never', 'keep-both'] as const;

/** What a restore compares afterwards: nothing, sizes and times, or contents too. */
export const VERIFICATIONS = ['none', 'sizes', 'contents'] as const;

/** What a restore job restores, and where to. */
export const restoreRequest = z.object({
  /** A path as the archive has it, with all below it; empty = see `items`, or everything. */
  item: z.string(),
  /** Several paths, each with all below it. */
  items: z.array(archivePath).max(1_000),
  /** Borg's patterns (`sh:**` and so on) for what to restore, beside the paths. */
  patterns: z.array(requiredText(4_096)).max(100),
  /** A folder on the destination, made when missing; empty = every file in its original place. */
  dest_folder: z.string(),
  /** client = the job's client; repository = the host on which the repository lies. */
  destination: z.enum(['client', 'repository']),
  replace: z.enum(REPLACE_POLICIES),
  verify: z.enum(VERIFICATIONS),
  /** Whether owners are restored by number; otherwise by name, where the destination knows the name. */
  numeric_ids: z.boolean(),
  /** Only list what would be written. */
  dry_run: z.boolean(),
  /** Feed the dump to the database server it came from (mysql and postgresql archives). */
  database: z.boolean(),
  /** Leave out the entries that are not safe to extract, instead of refusing an archive that has some. */
  allow_unsafe: z.boolean().default(false),
});
export type RestoreRequest = z.infer<typeof restoreRequest>;

/** A restore drill: some files, picked at random by the seed, are extracted and compared. */
const drillRequest = z.object({
  seed: z.string().min(1).max(64),
  files: z.int().min(1).max(1_000),
});
export type DrillRequest = z.infer<typeof drillRequest>;

/**
 * What a check job looks at. client, repository and hypervisor are prepared for backups; machines lists the machines of a
 * hypervisor, and the scheduler adds a backup for each; archives is `borg check` of a repository.
 */
const checkSubject = z.enum(['client', 'repository', 'hypervisor', 'machines', 'archives']);
export type CheckSubject = z.infer<typeof checkSubject>;

/**
 * One job of a run. A job waits for all jobs in `needs`; when one of those does not succeed, it is not started. They are jobs of
 * the same run or, for preparations, of an earlier one: see docs/decisions/0032-preparations-are-shared.md.
 */
const plannedJob = z
  .object({
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
    /** Set for restore jobs that are restore drills. */
    drill: drillRequest.optional(),
    /** Set for check jobs, and `archives` for integrity jobs. */
    check: checkSubject.optional(),
    /** The virtual machine that the job backs up, lists, prunes or restores. */
    machine: virtualMachine.optional(),
    /** Set for a check of machines: which jobs follow each machine's backup. */
    followers: z.object({ catalog: z.boolean(), prune: z.boolean() }).optional(),
  })
  .refine(({ job_type, check }) => job_type !== 'check' || check !== undefined, 'A check job names what it checks.');
export type PlannedJob = z.infer<typeof plannedJob>;

/** What all jobs of a run share, as it was when the run was requested. */
const runFacts = z.object({
  uuid,
  policy: policySnapshot.nullable(),
  repository: repositorySnapshot.nullable(),
  schedule: z.object({ id: integerId, name: z.string() }).nullable(),
  /** Due time of a scheduled run. */
  due_at: z.string().nullable(),
});
export type RunFacts = z.infer<typeof runFacts>;

/** The policy's secrets as its jobs need them; null without a policy, and where no job needs it. */
export const runSecrets = {
  extra_vars: policySecrets.extra_vars.nullable(),
  prehook: policySecrets.prehook.nullable(),
  posthook: policySecrets.posthook.nullable(),
};

/**
 * A run was requested: one event with everything that its jobs need, so that a launch is atomic. Stream `run-<uuid>`.
 * See docs/decisions/0001-a-run-is-one-event.md.
 */
export const runRequested = defineEvent({
  type: 'run-requested',
  schema: runFacts.extend({
    ...runSecrets,
    jobs: z.array(plannedJob).min(1),
  }),
  sealed: {
    subject: (data) => (data.policy ? `policy-${data.policy.uuid}` : `run-${data.uuid}`),
    fields: Object.keys(runSecrets),
  },
});

/**
 * The machines of a hypervisor were listed, and each got its jobs. Stream `run-<uuid>`, after the request, whose fields it
 * repeats, so that read models need no look-up. See docs/decisions/0011-machines-extend-a-run.md.
 */
export const runExtended = defineEvent({
  type: 'run-extended',
  schema: runFacts.extend({
    /** The job that found the machines. */
    found_by: uuid,
    /** The user who launched the run; null for a schedule. */
    requested_by: uuid.nullable(),
    jobs: z.array(plannedJob).min(1),
  }),
});

export const runEvents = [runRequested, runExtended] as const;
export type RunEvent = EventOf<(typeof runEvents)[number]>;
export type RunRequested = EventOf<typeof runRequested>['data'];
export type RunSecrets = Pick<RunRequested, keyof typeof runSecrets>;
export type RunExtended = EventOf<typeof runExtended>['data'];

export const NO_RUN_SECRETS: RunSecrets = { extra_vars: null, prehook: null, posthook: null };

export const runStream = (run: string): string => `run-${run}`;
