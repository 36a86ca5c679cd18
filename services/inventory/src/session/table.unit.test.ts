import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, BOB, recorded, sealed, secondOf } from '../testing/recorded.ts';
import { sessions } from './table.ts';

const first = '5f0c8a52-0000-4000-8000-000000000001';
const second = '5f0c8a52-0000-4000-8000-000000000002';
const expires_at = '2026-12-01T00:00:00.000000Z';
const opened = (version: number, uuid: string, user: string) =>
  recorded(version, { type: 'session-opened', data: { uuid, user, refresh_id: first, expires_at } });
const revokedOf = (rows: readonly { readonly revoked: boolean }[]): boolean[] => rows.map(({ revoked }) => revoked);

test('keeps the one valid refresh token of a session', () => {
  const later = '2026-12-15T00:00:00.000000Z';
  const refreshed = recorded(2, {
    type: 'session-refreshed',
    data: { uuid: first, refresh_id: second, expires_at: later },
  });
  expect(foldEvents(sessions, [opened(1, first, ADA), refreshed])).toEqual([
    { uuid: first, user_uuid: ADA, refresh_id: second, expires_at: later, revoked: false, created: secondOf(1) },
  ]);
});

test('removes the row of an expired session', () => {
  const expired = recorded(2, { type: 'session-expired', data: { uuid: first } });
  expect(foldEvents(sessions, [opened(1, first, ADA), expired])).toEqual([]);
});

test('leaves the other sessions when one is revoked', () => {
  const revoked = recorded(2, { type: 'session-revoked', data: { uuid: first, reason: 'reuse' } });
  expect(revokedOf(foldEvents(sessions, [opened(1, first, ADA), opened(2, second, ADA), revoked]))).toEqual([
    true,
    false,
  ]);
});

test.each([
  recorded(3, { type: 'user-password-changed', data: { uuid: ADA, password_hash: sealed('1') } }),
  recorded(3, { type: 'user-removed', data: { uuid: ADA, id: 1 } }),
])('a session is revoked with its user’s password or account, unlike those of other users ($type)', (event) => {
  const rows = foldEvents(sessions, [opened(1, first, ADA), opened(2, second, BOB), event]);
  expect(revokedOf(rows)).toEqual([true, false]);
});

test('keeps a session that was opened after the password changed', () => {
  const changed = recorded(1, { type: 'user-password-changed', data: { uuid: ADA, password_hash: sealed('1') } });
  expect(revokedOf(foldEvents(sessions, [changed, opened(2, first, ADA)]))).toEqual([false]);
});
