import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { recorded, secondOf } from '../testing/recorded.ts';
import { hostKeys } from './table.ts';

const server = { host: 'NAS', port: 22 };
const key = { key_type: 'ssh-ed25519', fingerprint: 'SHA256:x', public_key: 'AAAA' };

test('keeps one pinned key of each server until it is forgotten', () => {
  const pinned = recorded(1, { type: 'host-key-pinned', data: { ...server, ...key } });
  const forgotten = recorded(2, { type: 'host-key-forgotten', data: { host: 'nas', port: 22 } });
  expect(foldEvents(hostKeys, [pinned])).toEqual([
    { stream: 'host-key-nas:22', ...server, ...key, created: secondOf(1) },
  ]);
  expect(foldEvents(hostKeys, [pinned, forgotten])).toEqual([]);
});
