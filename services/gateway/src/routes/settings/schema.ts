import { SETTING_TYPES, SSH_KEY_TYPES } from '@cyborgbackup/contracts';
import { z } from 'zod';

export const settingSchema = z.object({
  id: z.int(),
  url: z.string(),
  key: z.string(),
  type: z.literal('setting'),
  setting_type: z.enum(SETTING_TYPES),
  value: z.string(),
  group: z.string().nullable(),
  order: z.int(),
  /** What it does, or that it has no effect. */
  description: z.string(),
  /** Null while the default is in force. */
  created: z.string().nullable(),
  modified: z.string().nullable(),
});

/** Any JSON is taken, as text; booleans become `True` and `False`. */
export const changeSetting = z.object({ value: z.json().optional() });

export const replaceSetting = z.object({ key: z.string().max(255), value: z.json() });

export const generateSsh = z.object({
  type: z.enum(SSH_KEY_TYPES).default('ed25519'),
  /** Bits, for rsa and ecdsa. */
  size: z.int().min(0).max(16_384).nullable().default(null),
  force: z.boolean().default(false),
});
