import type { ConfigShape } from '@cyborgbackup/kernel';
import { z } from 'zod';

/** The environment that the first start makes the first administrator from. */
export const adminConfig = {
  CYBORGBACKUP_ADMIN_EMAIL: z
    .string()
    .max(254)
    .regex(/^[^\s@]+@[^\s@]+$/, 'Give an email address.')
    .optional()
    .describe('Log-in of the first administrator, made at the first start; admin@cyborgbackup.local unless set'),
  CYBORGBACKUP_ADMIN_PASSWORD: z
    .string()
    .min(8, 'Give at least 8 characters.')
    .optional()
    .describe(
      'Password of the first administrator; unless set, a random one is written to initial-admin-password in the data folder',
    ),
} satisfies ConfigShape;

export type AdminConfig = z.output<z.ZodObject<typeof adminConfig>>;
