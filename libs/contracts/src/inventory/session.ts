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

/**
 * Log-ins with a wrong password: on a user's account, or where there is none (`user` is null). Of each account the first ten of an
 * hour are events of their own, with the address they came from; the others of that hour are counted in one event.
 */
export const logInFailed = defineEvent({
  type: 'log-in-failed',
  schema: z.object({ user: uuid.nullable(), failures: z.int().min(1) }),
});

export const logInEvents = [logInFailed] as const;
export type LogInEvent = EventOf<(typeof logInEvents)[number]>;

export const sessionEvents = [sessionOpened, sessionRefreshed, sessionRevoked, sessionExpired] as const;
export type SessionEvent = EventOf<(typeof sessionEvents)[number]>;

/**
 * What a personal token may do of what its user may: `read` what every user may read (each token may), `write`, be shown
 * `secrets` (passphrases, keys), and have the `data` that was backed up (downloads and restores). No token may make tokens, or
 * change users and keys.
 */
export const API_TOKEN_SCOPES = ['read', 'write', 'secrets', 'data'] as const;
export type ApiTokenScope = (typeof API_TOKEN_SCOPES)[number];

const SCOPE = API_TOKEN_SCOPES.join('|');

/** Scopes with a blank between them, as OAuth has them: `read write`. */
export const apiTokenScope = z
  .string()
  .max(64)
  .regex(
    new RegExp(`^(${SCOPE})( (${SCOPE}))*$`),
    `Choose of ${API_TOKEN_SCOPES.join(', ')}, with a blank between them.`,
  );

export const scopesOf = (scope: string): ReadonlySet<ApiTokenScope> => {
  const words = new Set(scope.split(' '));
  return new Set(API_TOKEN_SCOPES.filter((one) => words.has(one)));
};

/** A personal token for programs. The token itself is shown once and never stored: only its SHA-256. */
export const apiTokenCreated = defineEvent({
  type: 'api-token-created',
  schema: z.object({
    id: integerId,
    uuid,
    user: uuid,
    name: requiredText(255),
    scope: apiTokenScope,
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
