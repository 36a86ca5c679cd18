import type { SessionEvent } from '@cyborgbackup/contracts';
import { describe, test } from 'vitest';
import { given } from '../testing/specification.ts';
import { sessionDecider } from './decider.ts';

const uuid = 'session';
const expiresAt = '2026-12-01T00:00:00Z';
const later = '2026-12-15T00:00:00Z';
const open = { type: 'open', uuid, user: 'ada', refreshId: 'first', expiresAt } as const;
const opened: SessionEvent = {
  type: 'session-opened',
  data: { uuid, user: 'ada', refresh_id: 'first', expires_at: expiresAt },
};
const refreshed: SessionEvent = {
  type: 'session-refreshed',
  data: { uuid, refresh_id: 'second', expires_at: later },
};
const revoked = (reason: 'reuse' | 'logout' | 'password-changed' | 'user-removed'): SessionEvent => ({
  type: 'session-revoked',
  data: { uuid, reason },
});
const over = { code: 'unauthenticated' };
const refresh = {
  type: 'refresh',
  refreshId: 'first',
  nextRefreshId: 'second',
  expiresAt: later,
  now: Date.parse('2026-11-23T00:00:00Z'),
  voidedBy: undefined,
} as const;

test('opens a session once, however often it is asked to', () => {
  given(sessionDecider).when(open).then(opened);
  given(sessionDecider, opened).when(open).then();
  given(sessionDecider, opened)
    .when({ ...open, user: 'bob' })
    .refused({ code: 'conflict' });
});

test('records once that a session has expired', () => {
  const expired: SessionEvent = { type: 'session-expired', data: { uuid } };
  const expire = { type: 'expire', now: Date.parse(expiresAt) } as const;
  given(sessionDecider, opened).when(expire).then(expired);
  given(sessionDecider, opened, revoked('logout')).when(expire).then(expired);
  given(sessionDecider, opened, expired).when(expire).then();
  given(sessionDecider, opened, refreshed).when(expire).then();
  given(sessionDecider).when(expire).then();
});

describe('refreshing', () => {
  test('exchanges the valid refresh token', () => given(sessionDecider, opened).when(refresh).then(refreshed));
  test('takes a refresh that is delivered twice for one', () =>
    given(sessionDecider, opened, refreshed).when(refresh).then());
  test('ends the session on a refresh with an old token', () =>
    given(sessionDecider, opened, refreshed)
      .when({ ...refresh, nextRefreshId: 'third' })
      .then(revoked('reuse')));
  test('ends the session on a refresh with an unknown token', () =>
    given(sessionDecider, opened)
      .when({ ...refresh, refreshId: 'guessed' })
      .then(revoked('reuse')));
  test.each(['password-changed', 'user-removed'] as const)('ends the session on a refresh after %s', (voidedBy) =>
    given(sessionDecider, opened)
      .when({ ...refresh, voidedBy })
      .then(revoked(voidedBy)),
  );
  test('refuses a refresh when the session is over', () => {
    given(sessionDecider).when(refresh).refused(over);
    given(sessionDecider, opened, revoked('logout')).when(refresh).refused(over);
    given(sessionDecider, opened)
      .when({ ...refresh, now: Date.parse(expiresAt) })
      .refused(over);
  });
});

test('ends a session once at log-out', () => {
  given(sessionDecider, opened).when({ type: 'revoke' }).then(revoked('logout'));
  given(sessionDecider, opened, revoked('reuse')).when({ type: 'revoke' }).then();
  given(sessionDecider).when({ type: 'revoke' }).then();
});
