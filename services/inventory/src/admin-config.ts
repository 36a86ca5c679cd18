import type { ConfigShape } from '@cyborgbackup/kernel';
import { z } from 'zod';

/** Who the first administrator is. Read at every start, used only while there are no users. */
export const adminConfig = {
  CYBORGBACKUP_ADMIN_EMAIL: z
    .email('Give an e-mail address.')
    .optional()
    .describe('Log-in of the first administrator, first start only; admin@cyborgbackup.local unless set'),
  CYBORGBACKUP_ADMIN_PASSWORD: z
    .string()
    .min(8, 'Give at least 8 characters.')
    .optional()
    .describe('Password of the first administrator, first start only; a random one is printed once unless set'),
} satisfies ConfigShape;

export type AdminConfig = z.output<z.ZodObject<typeof adminConfig>>;
