import { OUTPUT_KINDS, type OutputKind } from '@cyborgbackup/contracts';
import { z } from 'zod';

const kinds = Object.keys(OUTPUT_KINDS) as [OutputKind, ...OutputKind[]];

export const jobEventSchema = z.object({
  id: z.int(),
  type: z.literal('job_event'),
  url: z.string(),
  related: z.object({ job: z.string() }),
  summary_fields: z.record(z.string(), z.unknown()),
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
