import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, removedEntity, requiredText, timestamp, uuid } from '../wire/scalars.ts';

/** A log-in by password. A session is a chain of refresh tokens, each exchanged for the next. */
export const sessionOpened = defineEvent({
  type: 'session-opened',
  schema: z.object({ uuid, user: uuid, refresh_id: uuid, expires_at: timestamp }),
});

/** The refresh token was exchanged for the next one. */
export const sessionRefreshed = defineEvent({
  type: 'session-refreshed',
  schema: z.object({ uuid, refresh_id: uuid, expires_at: timestamp }),
});

export const sessionRevoked = defineEvent({
  type: 'session-revoked',
  schema: z.object({ uuid, reason: z.enum(['reuse', 'logout', 'password-changed', 'user-removed']) }),
});

/** Its last refresh token has expired, so the session is of no use and leaves the read model. */
export const sessionExpired = defineEvent({
  type: 'session-expired',
  schema: z.object({ uuid }),
});

export const sessionEvents = [sessionOpened, sessionRefreshed, sessionRevoked, sessionExpired] as const;
export type SessionEvent = EventOf<(typeof sessionEvents)[number]>;

export const API_TOKEN_SCOPES = ['read', 'write'] as const;

/** A personal token for programs. The token itself is shown once and never stored: only its SHA-256. */
export const apiTokenCreated = defineEvent({
  type: 'api-token-created',
  schema: z.object({
    id: integerId,
    uuid,
    user: uuid,
    name: requiredText(255),
    scope: z.enum(API_TOKEN_SCOPES),
    expires_at: timestamp.nullable(),
    token_hash: z.string().length(64),
  }),
});

/** Recorded at most once an hour for each token. */
export const apiTokenUsed = defineEvent({
  type: 'api-token-used',
  schema: z.object({ uuid }),
});

export const apiTokenRevoked = defineEvent({ type: 'api-token-revoked', schema: removedEntity });

export const apiTokenEvents = [apiTokenCreated, apiTokenUsed, apiTokenRevoked] as const;
export type ApiTokenEvent = EventOf<(typeof apiTokenEvents)[number]>;
