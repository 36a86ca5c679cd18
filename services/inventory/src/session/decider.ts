import type { SessionEvent, sessionRevoked } from '@cyborgbackup/contracts';
import { AppError, type Decider, type EventOf } from '@cyborgbackup/kernel';

/*
 * A session is a family of refresh tokens, of which one is valid at a time:
 *
 *   open -> valid(refresh_id) -- refresh with the valid one --> valid(next_refresh_id)
 *                             -- refresh with another one   --> revoked (reuse): a token was copied, and it cannot be told
 *                                                               whether the thief or the owner came first
 *                             -- revoke, or a refresh after the password changed or the user was removed --> revoked
 *
 * Once its last refresh token has expired it can be recorded as expired, revoked or not; that is for the read model.
 *
 * The same refresh delivered twice is one refresh: it is recognised by the next id, which its sender chooses.
 */

export interface Session {
  readonly uuid: string;
  readonly user: string;
  readonly refreshId: string;
  readonly previousRefreshId: string | undefined;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
  readonly isRevoked: boolean;
  /** Recorded as such. */
  readonly isExpired: boolean;
}

type Reason = EventOf<typeof sessionRevoked>['data']['reason'];

export type SessionCommand =
  | {
      readonly type: 'open';
      readonly uuid: string;
      readonly user: string;
      readonly refreshId: string;
      readonly expiresAt: string;
    }
  | {
      readonly type: 'refresh';
      readonly refreshId: string;
      readonly nextRefreshId: string;
      readonly expiresAt: string;
      /** Milliseconds since the epoch. */
      readonly now: number;
      /** What has happened to the user since the session was opened. */
      readonly voidedBy: 'password-changed' | 'user-removed' | undefined;
    }
  | { readonly type: 'revoke' }
  | {
      readonly type: 'expire';
      /** Milliseconds since the epoch. */
      readonly now: number;
    };

export const sessionOver = (): AppError =>
  new AppError('unauthenticated', 'This session is over: log in with your password again.');

const revoked = ({ uuid }: Session, reason: Reason): SessionEvent => ({
  type: 'session-revoked',
  data: { uuid, reason },
});

const open = (session: Session | undefined, command: SessionCommand & { type: 'open' }): SessionEvent[] => {
  const { uuid, user, refreshId, expiresAt } = command;
  if (!session) return [{ type: 'session-opened', data: { uuid, user, refresh_id: refreshId, expires_at: expiresAt } }];
  if (session.user === user && session.refreshId === refreshId) return [];
  throw new AppError('conflict', 'This uuid belongs to another session: choose another one.');
};

/** A refresh that ends the session is not an error here: the event must be written before the caller is refused. */
const refresh = (session: Session | undefined, command: SessionCommand & { type: 'refresh' }): SessionEvent[] => {
  const { refreshId, nextRefreshId, expiresAt, now, voidedBy } = command;
  if (!session || session.isRevoked || session.isExpired) throw sessionOver();
  if (Date.parse(session.expiresAt) <= now) throw sessionOver();
  if (voidedBy) return [revoked(session, voidedBy)];
  if (session.previousRefreshId === refreshId && session.refreshId === nextRefreshId) return [];
  if (session.refreshId !== refreshId) return [revoked(session, 'reuse')];
  return [
    { type: 'session-refreshed', data: { uuid: session.uuid, refresh_id: nextRefreshId, expires_at: expiresAt } },
  ];
};

export const sessionDecider: Decider<Session | undefined, SessionCommand, SessionEvent> = {
  initialState: undefined,

  decide: (command, session) => {
    switch (command.type) {
      case 'open':
        return open(session, command);
      case 'refresh':
        return refresh(session, command);
      case 'revoke':
        return session && !session.isRevoked ? [revoked(session, 'logout')] : [];
      case 'expire':
        return session && !session.isExpired && Date.parse(session.expiresAt) <= command.now
          ? [{ type: 'session-expired', data: { uuid: session.uuid } }]
          : [];
    }
  },

  evolve: (session, { type, data }) => {
    if (type === 'session-opened') {
      const { uuid, user, refresh_id: refreshId, expires_at: expiresAt } = data;
      return { uuid, user, refreshId, previousRefreshId: undefined, expiresAt, isRevoked: false, isExpired: false };
    }
    if (!session) return session;
    if (type === 'session-revoked') return { ...session, isRevoked: true };
    if (type === 'session-expired') return { ...session, isExpired: true };
    return {
      ...session,
      refreshId: data.refresh_id,
      previousRefreshId: session.refreshId,
      expiresAt: data.expires_at,
    };
  },
};

export const sessionStream = (uuid: string): string => `session-${uuid}`;

/** Log-ins that failed on a user's account, or where there is none. It only ever grows, and nothing is decided from it. */
export const failuresStream = (user: string | null): string => `session-failures-${user ?? 'unknown'}`;
