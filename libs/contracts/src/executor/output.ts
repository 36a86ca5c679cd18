import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { uuid } from '../wire/scalars.ts';

export const OUTPUT_KINDS = {
  debug: 'Debug',
  verbose: 'Verbose',
  deprecated: 'Deprecated',
  warning: 'Warning',
  system_warning: 'System Warning',
  error: 'Error',
} as const;
export type OutputKind = keyof typeof OUTPUT_KINDS;

/** Borg's progress. Sizes in bytes; `rate` in bytes per second. */
const jobProgress = z.object({
  phase: z.string(),
  files: z.int().min(0),
  original_size: z.int().min(0),
  compressed_size: z.int().min(0),
  deduplicated_size: z.int().min(0),
  rate: z.number().min(0),
  path: z.string(),
  /** Seconds left, estimated from the duration and size of the last run; null without an estimate. */
  eta: z.number().min(0).nullable(),
});
export type JobProgress = z.infer<typeof jobProgress>;

const outputLine = z.object({
  /** From 1 within the job, without gaps. */
  counter: z.int().min(1),
  event: z.enum(Object.keys(OUTPUT_KINDS) as [OutputKind, ...OutputKind[]]),
  stdout: z.string(),
  /** First line of the job's whole output that this text holds, and the line after its last. */
  start_line: z.int().min(0),
  end_line: z.int().min(0),
  progress: jobProgress.optional(),
  created: z.string(),
});
export type OutputLine = z.infer<typeof outputLine>;

/** A batch of a running job's output, at most 100 lines and 64 KiB. Stream `job-output-<uuid>`. */
export const jobOutputRecorded = defineEvent({
  type: 'job-output-recorded',
  schema: z.object({
    job: uuid,
    /** Database id of the first line; the others follow it. */
    first_id: z.int().min(1),
    lines: z.array(outputLine).min(1).max(100),
  }),
});

export const outputEvents = [jobOutputRecorded] as const;
export type OutputEvent = EventOf<(typeof outputEvents)[number]>;

export const outputStream = (job: string): string => `job-output-${job}`;
