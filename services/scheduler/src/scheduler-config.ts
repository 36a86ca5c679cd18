import type { ConfigShape } from '@cyborgbackup/kernel';
import { z } from 'zod';

export const schedulerConfig = {
  CYBORGBACKUP_MAX_RUNNING_JOBS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      'Jobs that may run at once over all repositories, not counting those that pause before their next attempt; 0, the default, sets no limit',
    ),
} satisfies ConfigShape;

export type SchedulerConfig = z.output<z.ZodObject<typeof schedulerConfig>>;
