import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { ADA, recorded, sealed, secondOf } from '../testing/recorded.ts';
import { apiTokens } from './table.ts';

const uuid = '5f0c8a52-0000-4000-8000-000000000001';
const data = { id: 4, uuid, name: 'cron', scope: 'read', expires_at: null, token_hash: 'ab' };
const created = recorded(1, { type: 'api-token-created', data: { ...data, user: ADA } });
const row = { ...data, user_uuid: ADA, revoked: false, last_used: null, created: secondOf(1), revision: 1 };

test('leaves a token’s revision when it is used', () => {
  const used = recorded(3, { type: 'api-token-used', data: { uuid } });
  expect(foldEvents(apiTokens, [created])).toEqual([row]);
  expect(foldEvents(apiTokens, [created, used])).toEqual([{ ...row, last_used: secondOf(3) }]);
});

test('keeps the row of a token that is revoked or whose user is removed', () => {
  const revoked = recorded(2, { type: 'api-token-revoked', data: { uuid, id: 4 } });
  const removed = recorded(5, { type: 'user-removed', data: { uuid: ADA, id: 1 } });
  expect(foldEvents(apiTokens, [created, revoked])).toEqual([{ ...row, revoked: true, revision: 2 }]);
  expect(foldEvents(apiTokens, [created, removed])).toEqual([{ ...row, revoked: true }]);
});

test('revokes the tokens that there are when the password changes, and none that is made after it', () => {
  const changed = recorded(2, { type: 'user-password-changed', data: { uuid: ADA, password_hash: sealed('1') } });
  expect(foldEvents(apiTokens, [created, changed])).toEqual([{ ...row, revoked: true }]);
  expect(foldEvents(apiTokens, [changed, created])).toEqual([row]);
});
