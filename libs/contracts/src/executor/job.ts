import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../text.ts';

/** An executor took the job. This append, at an exact version, is the lock on the job: who loses it drops the message. */
export const jobStarted = defineEvent({
  type: 'job-started',
  version: 1,
  schema: z.object({
    job: uuid,
    run: uuid,
    /** From 1. */
    attempt: z.int().min(1),
    /** Which executor process, unique for each start of a process. */
    executor: z.string(),
  }),
});

/** The attempt ended without a result: its executor died, or the connection did and the job will be tried again. */
export const jobAttemptLost = defineEvent({
  type: 'job-attempt-lost',
  version: 1,
  schema: z.object({ job: uuid, attempt: z.int(), reason: z.string() }),
});

export const jobCancelRequested = defineEvent({
  type: 'job-cancel-requested',
  version: 1,
  schema: z.object({ job: uuid }),
});

const size = z.int().min(0);

/** An archive as borg itself reported it. Sizes in bytes, duration in seconds. */
export const archiveFacts = z.object({
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

export const jobSucceeded = defineEvent({
  type: 'job-succeeded',
  version: 1,
  schema: z.object({
    job: uuid,
    attempt: z.int(),
    /** Borg's warnings, when it ended with some; shown, never hidden. */
    warnings: z.array(z.string()),
    /** The repository and client as run, so that read models need no second look-up. */
    repository: uuid.nullable(),
    client: uuid.nullable(),
    archive: archiveFacts.nullable(),
    repository_sizes: repositorySizes.nullable(),
    /** Archives that a prune removed. */
    pruned: z.array(z.string()),
  }),
});

export const jobFailed = defineEvent({
  type: 'job-failed',
  version: 1,
  schema: z.object({
    job: uuid,
    /** 0 when it was never started. */
    attempt: z.int(),
    /** failed = borg or the remote side said so; error = we could not run it. */
    status: z.enum(['failed', 'error']),
    /** One sentence: what went wrong and what to do. */
    reason: z.string(),
    exit_code: z.int().nullable(),
  }),
});

export const jobCanceled = defineEvent({
  type: 'job-canceled',
  version: 1,
  schema: z.object({ job: uuid, attempt: z.int(), reason: z.string() }),
});

export const jobEvents = [
  jobStarted,
  jobAttemptLost,
  jobCancelRequested,
  jobSucceeded,
  jobFailed,
  jobCanceled,
] as const;
export type JobEvent = EventOf<(typeof jobEvents)[number]>;

export const jobStream = (job: string): string => `job-${job}`;
