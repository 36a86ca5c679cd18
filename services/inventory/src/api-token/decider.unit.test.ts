import type { ApiTokenEvent } from '@cyborgbackup/contracts';
import { test } from 'vitest';
import { given } from '../testing/specification.ts';
import { apiTokenDecider } from './decider.ts';

const token = {
  id: 4,
  uuid: 'token',
  user: 'ada',
  name: 'cron',
  scope: 'read',
  expires_at: null,
  token_hash: 'ab'.repeat(32),
} as const;
const created: ApiTokenEvent = { type: 'api-token-created', data: token };
const revoked: ApiTokenEvent = { type: 'api-token-revoked', data: { uuid: 'token', id: 4 } };

test('creates a token once and revokes it once', () => {
  given(apiTokenDecider).when({ type: 'create', token }).then(created);
  given(apiTokenDecider, created).when({ type: 'create', token }).refused({ code: 'conflict' });
  given(apiTokenDecider, created).when({ type: 'revoke' }).then(revoked);
  given(apiTokenDecider, created, revoked).when({ type: 'revoke' }).refused({ code: 'not-found' });
  given(apiTokenDecider).when({ type: 'revoke' }).refused({ code: 'not-found' });
});
