import { OUTPUT_KINDS, type OutputKind } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { linkFields, represent, urlOf } from '../../http/core/representation.ts';
import { elapsedSeconds } from '../jobs/present.ts';
import { terminalText } from '../jobs/terminal-text.ts';
import type { JobEventRow } from '../../lists/sources/job-events.ts';

const kinds = Object.keys(OUTPUT_KINDS) as [OutputKind, ...OutputKind[]];

export const jobEventSchema = z.object({
  ...linkFields,
  type: z.literal('job_event'),
  related: z.object({ job: z.string() }),
  created: z.string(),
  modified: z.string(),
  job: z.int(),
  event: z.enum(kinds),
  counter: z.int(),
  event_display: z.string(),
  /** Progress, where borg reported some. */
  event_data: z.record(z.string(), z.unknown()),
  event_level: z.int(),
  failed: z.boolean(),
  changed: z.boolean(),
  uuid: z.string(),
  task: z.string(),
  stdout: z.string(),
  start_line: z.int(),
  end_line: z.int(),
  verbosity: z.int(),
});

const MAX_IN_LISTS = 1_023;

/** In lists a long text is cut to 1,023 characters and an ellipsis. */
export const shortened = (stdout: string): string =>
  stdout.length > MAX_IN_LISTS ? `${stdout.slice(0, MAX_IN_LISTS).toWellFormed()}…` : stdout;

/** @param now milliseconds since the epoch */
export const presentJobEvent = (row: JobEventRow, now: number): object =>
  represent(jobEventSchema, {
    ...row,
    stdout: terminalText(row.stdout),
    url: urlOf('job_events', row.id),
    related: { job: urlOf('jobs', row.job) },
    summary_fields: {
      job: {
        id: row.job,
        name: row.job_name,
        status: row.job_status,
        failed: row.job_failed,
        elapsed: elapsedSeconds({ started: row.job_started, finished: row.job_finished }, now),
      },
    },
    modified: row.created,
    event_display: OUTPUT_KINDS[row.event],
    event_data: row.progress ?? {},
    event_level: 0,
    failed: row.event === 'error',
    changed: false,
    uuid: '',
    task: '',
    verbosity: 0,
  });
