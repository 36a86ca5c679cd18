import { API_TOKEN_SCOPES, requiredText } from '@cyborgbackup/contracts';
import { z } from 'zod';

export const createToken = z.object({
  name: requiredText(255),
  scope: z.enum(API_TOKEN_SCOPES).default('read'),
  /** ISO 8601; null = never. */
  expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
});

export const tokenSchema = z.object({
  id: z.int(),
  type: z.literal('token'),
  url: z.string(),
  related: z.object({ user: z.string() }),
  summary_fields: z.record(z.string(), z.unknown()),
  created: z.string(),
  user: z.int(),
  name: z.string(),
  scope: z.enum(API_TOKEN_SCOPES),
  expires_at: z.string().nullable(),
  last_used: z.string().nullable(),
  uuid: z.uuid(),
});

/** The only answer that has the token itself. */
export const createdToken = tokenSchema.extend({ token: z.string() });
