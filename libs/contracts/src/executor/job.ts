import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { virtualMachine } from '../inventory/client.ts';
import { timestamp, uuid } from '../wire/scalars.ts';

/**
 * An executor took the job. This append, at an exact version, is the lock on the job: an executor whose append is refused drops
 * the message.
 */
export const jobStarted = defineEvent({
  type: 'job-started',
  schema: z.object({
    job: uuid,
    run: uuid,
    /** From 1. */
    attempt: z.int().min(1),
    /** The executor's process; unique for each start of a process. */
    executor: z.string(),
  }),
});

/** The attempt ended without a result: its executor died, or the connection did and the job will be tried again. */
export const jobAttemptLost = defineEvent({
  type: 'job-attempt-lost',
  schema: z.object({
    job: uuid,
    attempt: z.int(),
    reason: z.string(),
    /** The connection to a host failed; the job is tried again a limited number of times, see `max_attempts`. */
    transport: z.boolean(),
    /**
     * The job waits before it is tried again, and holds nothing meanwhile: it gives up its grant (a version of the stream of
     * grants) and every older one. Null = another attempt follows at once, under the same grant.
     */
    pause: z.object({ until: timestamp, grant: z.int().min(1) }).nullable(),
  }),
});

/** The time of the pause is over: the job waits for another grant. */
export const jobPauseEnded = defineEvent({
  type: 'job-pause-ended',
  schema: z.object({ job: uuid, attempt: z.int() }),
});

export const jobCancelRequested = defineEvent({
  type: 'job-cancel-requested',
  schema: z.object({ job: uuid }),
});

const size = z.int().min(0);

/** An archive as borg itself reported it. Sizes in bytes, duration in seconds. */
const archiveFacts = z.object({
  name: z.string(),
  borg_id: z.string(),
  started_at: timestamp,
  finished_at: timestamp,
  duration: z.number(),
  files: size,
  original_size: size,
  compressed_size: size,
  deduplicated_size: size,
});
export type ArchiveFacts = z.infer<typeof archiveFacts>;

/** All archives of the repository together, as borg reported them. */
export const repositorySizes = z.object({ original_size: size, compressed_size: size, deduplicated_size: size });
export type RepositorySizes = z.infer<typeof repositorySizes>;

/** The result of a restore; of a dry run, what it would have done. Numbers of files, except `bytes`. */
export const restoreResult = z.object({
  files: size,
  bytes: size,
  /** Existing files: replaced, left unchanged, or kept beside the restored one. */
  replaced: size,
  skipped: size,
  kept_both: size,
  verified: size,
  /** Paths whose size, time or content is not as in the archive; the first hundred. */
  mismatches: z.array(z.string()).max(100),
});
export type RestoreResult = z.infer<typeof restoreResult>;

/** The result of a restore drill. */
const drillResult = z.object({
  archive: z.string(),
  seed: z.string(),
  passed: z.boolean(),
  /** Seconds. */
  duration: z.number(),
  bytes: size,
  files: z
    .array(
      z.object({
        path: z.string(),
        size,
        /** sha256, hex. */
        hash: z.string(),
        /** Empty when the file equals the catalog's entry and a second extraction. */
        problem: z.string(),
      }),
    )
    .max(1_000),
});
export type DrillResult = z.infer<typeof drillResult>;

/** The result of `borg check`. */
export const checkResult = z.object({
  /** Whether the data of every file was read and verified too. */
  verified_data: z.boolean(),
  /** Names of archives with damage, at most a thousand. */
  damaged: z.array(z.string()).max(1_000),
  /** Head of the log before borg began: the archives that were recorded up to it were checked. */
  known_until: z.string().regex(/^\d+$/),
});
export type CheckResult = z.infer<typeof checkResult>;

export const jobSucceeded = defineEvent({
  type: 'job-succeeded',
  schema: z.object({
    job: uuid,
    attempt: z.int(),
    /** Borg's warnings. */
    warnings: z.array(z.string()),
    /** Repeated from the plan, so that read models need no look-up. */
    repository: uuid.nullable(),
    client: uuid.nullable(),
    archive: archiveFacts.nullable(),
    repository_sizes: repositorySizes.nullable(),
    /** Archives that a prune removed. */
    pruned: z.array(z.string()),
    /** Machines that a check of machines found. */
    machines: z.array(virtualMachine).max(10_000),
    restored: restoreResult.nullable(),
    drill: drillResult.nullable(),
    check: checkResult.nullable(),
  }),
  usual: {
    ...{ warnings: [], archive: null, repository_sizes: null, pruned: [], machines: [] },
    ...{ restored: null, drill: null, check: null },
  },
});

export const jobFailed = defineEvent({
  type: 'job-failed',
  schema: z.object({
    job: uuid,
    /** 0 when it was never started. */
    attempt: z.int(),
    /** failed = borg or the remote side said so; error = we could not run it. */
    status: z.enum(['failed', 'error']),
    /** One sentence for people: what went wrong and what to do. */
    reason: z.string(),
    exit_code: z.int().nullable(),
    /** Borg's warnings before the end. */
    warnings: z.array(z.string()),
    /** An archive that is in the repository although the job failed: its source was empty or shrank too much. */
    archive: archiveFacts.nullable(),
    /** The result of a restore until it failed, or until files were found to differ from the archive. */
    restored: restoreResult.nullable(),
    /** The drill that failed. */
    drill: drillResult.nullable(),
    check: checkResult.nullable(),
  }),
  usual: { exit_code: null, warnings: [], archive: null, restored: null, drill: null, check: null },
});

export const jobCanceled = defineEvent({
  type: 'job-canceled',
  schema: z.object({ job: uuid, attempt: z.int(), reason: z.string() }),
});

export const jobEvents = [
  jobStarted,
  jobAttemptLost,
  jobPauseEnded,
  jobCancelRequested,
  jobSucceeded,
  jobFailed,
  jobCanceled,
] as const;
export type JobEvent = EventOf<(typeof jobEvents)[number]>;

export const jobStream = (job: string): string => `job-${job}`;
