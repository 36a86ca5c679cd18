import { sessionCommands } from '@cyborgbackup/contracts';
import { isAppError, type Clock } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import type { Call, WaitForProjection } from '../backend/calls.ts';
import type { Reader } from '../db/reader.ts';
import { accountOfSession, type Account } from './accounts.ts';
import { REFRESH_SECONDS, type JsonWebTokens } from './json-web-tokens.ts';

interface TokenPair {
  readonly refresh: string;
  readonly access: string;
}

/** Log-in sessions: each is prolonged by refresh tokens, and each refresh token can be used once. */
export interface Sessions {
  open(account: Account): Promise<TokenPair>;
  /** A new access token, for the session or, if that was revoked in the meantime, for a new session. */
  freshAccess(user: number, session: string): Promise<string | undefined>;
  /** The next pair for a refresh token; undefined for one that is expired, used, revoked or forged. */
  refresh(token: string): Promise<TokenPair | undefined>;
}

interface SessionsDeps {
  readonly reader: Reader;
  readonly call: Call;
  readonly waitForProjection: WaitForProjection;
  readonly tokens: JsonWebTokens;
  readonly clock: Clock;
}

const REFUSALS: ReadonlySet<string> = new Set(['unauthenticated', 'conflict', 'not-found', 'forbidden', 'validation']);

export const createSessions = (deps: SessionsDeps): Sessions => {
  const { tokens, clock } = deps;
  const expiry = (): string => new Date(clock.now() + REFRESH_SECONDS * 1_000).toISOString();

  const open = async (account: Account): Promise<TokenPair> => {
    const [uuid, refreshId] = [randomUUID(), randomUUID()];
    const { position } = await deps.call(sessionCommands.open, {
      uuid,
      user: account.uuid,
      refresh_id: refreshId,
      expires_at: expiry(),
    });
    await deps.waitForProjection('inventory', position);
    return tokens.issue(account, uuid, refreshId);
  };

  return {
    open,
    freshAccess: async (user, session) => {
      const account = await accountOfSession(deps.reader, user, session);
      if (!account) return undefined;
      return account.session_revoked ? (await open(account)).access : tokens.issueAccess(account, session);
    },
    refresh: async (token) => {
      const claims = await tokens.read(token, 'refresh');
      const account = claims && (await accountOfSession(deps.reader, claims.user_id, claims.sid));
      if (!claims || account?.credentials_changed_at !== claims.cred) return undefined;
      const next = randomUUID();
      try {
        const { position } = await deps.call(sessionCommands.refresh, {
          uuid: claims.sid,
          refresh_id: claims.jti,
          next_refresh_id: next,
          expires_at: expiry(),
        });
        await deps.waitForProjection('inventory', position);
      } catch (error) {
        if (isAppError(error) && REFUSALS.has(error.code)) return undefined;
        throw error;
      }
      return tokens.issue(account, claims.sid, next);
    },
  };
};
