import type { ConfigShape } from '@cyborgbackup/kernel';
import { z } from 'zod';

const seconds = (min: number, max: number): z.ZodCoercedNumber => z.coerce.number().int().min(min).max(max);

/** The executor's own environment. */
export const executorConfig = {
  CYBORGBACKUP_EXECUTOR_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Jobs that one executor runs at once, 1 to 64; 4 unless set'),
  CYBORGBACKUP_EXECUTOR_GRACE: seconds(0, 86_400)
    .default(20)
    .describe(
      'Seconds in which an executor that is told to stop finishes its jobs, or in the last eight hands them over; 20 unless set',
    ),
  CYBORGBACKUP_SSH_CONNECT_TIMEOUT: seconds(1, 300)
    .default(15)
    .describe('Seconds for reaching and logging in to a host over SSH; 15 unless set'),
} satisfies ConfigShape;

export type ExecutorConfig = z.output<z.ZodObject<typeof executorConfig>>;
