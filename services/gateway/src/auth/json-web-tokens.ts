import type { Clock } from '@cyborgbackup/kernel';
import { jwtVerify, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Account } from './accounts.ts';

const ACCESS_SECONDS = 60 * 60;
export const REFRESH_SECONDS = 14 * 24 * 60 * 60;
export const RESET_SECONDS = 24 * 60 * 60;

const claims = z.object({
  token_type: z.enum(['access', 'refresh', 'reset']),
  user_id: z.int(),
  jti: z.string(),
  /** The session's uuid; empty in a reset token. */
  sid: z.union([z.uuid(), z.literal('')]),
  /** The user's `credentials_changed_at` when the token was made: the token is void once it differs. */
  cred: z.string(),
});
type TokenClaims = z.infer<typeof claims>;

export interface JsonWebTokens {
  /** @param refreshId the refresh token's `jti`, which the session knows */
  issue(account: Account, session: string, refreshId: string): Promise<{ refresh: string; access: string }>;
  /** An access token for an existing session. */
  issueAccess(account: Account, session: string): Promise<string>;
  /** A token that allows one choice of a new password. @param id its `jti`, a uuid */
  issueReset(account: Account, id: string): Promise<string>;
  /** The claims of a token with our signature that has not expired, else undefined. */
  read(token: string, type: TokenClaims['token_type']): Promise<TokenClaims | undefined>;
}

/** HS256, as the original's clients know them; only this gateway's key signs and reads them. */
export const createJsonWebTokens = (key: Buffer, clock: Clock): JsonWebTokens => {
  const sign = (
    account: Account,
    own: Pick<TokenClaims, 'token_type' | 'jti' | 'sid'>,
    seconds: number,
  ): Promise<string> => {
    const now = Math.floor(clock.now() / 1_000);
    return new SignJWT({
      user_id: account.id,
      email: account.email,
      first_name: account.first_name,
      last_name: account.last_name,
      cred: account.credentials_changed_at,
      ...own,
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(key);
  };

  const issueAccess = (account: Account, session: string): Promise<string> =>
    sign(account, { token_type: 'access', jti: randomUUID(), sid: session }, ACCESS_SECONDS);

  return {
    issueAccess,
    issueReset: (account, jti) => sign(account, { token_type: 'reset', jti, sid: '' }, RESET_SECONDS),
    issue: async (account, session, refreshId) => ({
      refresh: await sign(account, { token_type: 'refresh', jti: refreshId, sid: session }, REFRESH_SECONDS),
      access: await issueAccess(account, session),
    }),
    read: async (token, type) => {
      const options = { algorithms: ['HS256'], currentDate: new Date(clock.now()) };
      const verified = await jwtVerify(token, key, options).catch(() => undefined);
      const parsed = claims.safeParse(verified?.payload);
      return parsed.success && parsed.data.token_type === type ? parsed.data : undefined;
    },
  };
};
