import { sessionCommands } from '@cyborgbackup/contracts';
import { hasCode, type Clock } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import type { GatewayDeps } from '../routes/deps.ts';
import { accountOfSession, type Account } from './accounts.ts';
import { REFRESH_SECONDS, type JsonWebTokens } from './json-web-tokens.ts';

export interface TokenPair {
  readonly refresh: string;
  readonly access: string;
}

/** Log-ins that live on by refresh tokens, each of which can be used once. */
export interface Sessions {
  open(account: Account): Promise<TokenPair>;
  /** A fresh access token, for the session or, if that was revoked by now, for a new one. */
  freshAccess(user: number, session: string): Promise<string | undefined>;
  /** The next pair for a refresh token; undefined when that is expired, used, revoked or not ours. */
  refresh(token: string): Promise<TokenPair | undefined>;
}

export interface SessionsParts {
  readonly deps: Pick<GatewayDeps, 'call' | 'settle' | 'reader'>;
  readonly tokens: JsonWebTokens;
  readonly clock: Clock;
}

export const createSessions = ({ deps, tokens, clock }: SessionsParts): Sessions => {
  const expiry = (): string => new Date(clock.now() + REFRESH_SECONDS * 1_000).toISOString();

  const open = async (account: Account): Promise<TokenPair> => {
    const [uuid, refreshId] = [randomUUID(), randomUUID()];
    const { position } = await deps.call(sessionCommands.open, {
      uuid,
      user: account.uuid,
      refresh_id: refreshId,
      expires_at: expiry(),
    });
    await deps.settle('inventory', position);
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
        await deps.settle('inventory', position);
      } catch (error) {
        const isRefused = (['unauthenticated', 'conflict', 'not-found', 'forbidden', 'validation'] as const).some(
          (code) => hasCode(error, code),
        );
        if (isRefused) return undefined;
        throw error;
      }
      return tokens.issue(account, claims.sid, next);
    },
  };
};
