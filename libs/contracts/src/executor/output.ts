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

const recordedLine = z.object({
  /** Default: verbose. */
  event: z.enum(Object.keys(OUTPUT_KINDS) as [OutputKind, ...OutputKind[]]).optional(),
  /** May have several lines itself. */
  stdout: z.string(),
  progress: jobProgress.optional(),
  created: z.string(),
});
export type RecordedLine = z.infer<typeof recordedLine>;

/** A batch of a running job's output, at most 100 lines and 64 KiB. Stream `job-output-<uuid>`. */
export const jobOutputRecorded = defineEvent({
  type: 'job-output-recorded',
  schema: z.object({
    job: uuid,
    /** Database id of the first line; the others follow it. */
    first_id: z.int().min(1),
    /** Number of the first line in the job's whole output, from 1 and without gaps. */
    first_counter: z.int().min(1),
    /** Lines of text before it: one more than there are records where a record has two. */
    lines_before: z.int().min(0),
    lines: z.array(recordedLine).min(1).max(100),
  }),
});

/** A record of a job's output with its place in it. */
export interface OutputLine extends Omit<RecordedLine, 'event'> {
  readonly event: OutputKind;
  readonly id: number;
  readonly counter: number;
  /** First line of the job's whole output that this text holds, from 0, and the line after its last. */
  readonly start_line: number;
  readonly end_line: number;
}

/** What a batch recorded; each line's place follows from the first one's. */
export const outputLines = ({
  first_id,
  first_counter,
  lines_before,
  lines,
}: OutputEvent['data']): readonly OutputLine[] => {
  let start_line = lines_before;
  return lines.map(({ event = 'verbose', ...line }, index) => {
    const end_line = start_line + line.stdout.split('\n').length;
    const place = { id: first_id + index, counter: first_counter + index, start_line, end_line };
    start_line = end_line;
    return { ...line, ...place, event };
  });
};

export const outputEvents = [jobOutputRecorded] as const;
export type OutputEvent = EventOf<(typeof outputEvents)[number]>;

export const outputStream = (job: string): string => `job-output-${job}`;
