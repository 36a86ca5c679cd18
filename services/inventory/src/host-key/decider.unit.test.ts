import type { HostKeyEvent } from '@cyborgbackup/contracts';
import { test } from 'vitest';
import { given } from '../testing/specification.ts';
import { hostKeyDecider } from './decider.ts';

const server = { host: 'nas', port: 22 };
const pinned: HostKeyEvent = {
  type: 'host-key-pinned',
  data: { ...server, key_type: 'ssh-ed25519', fingerprint: 'SHA256:x', public_key: 'AAAA' },
};
const forgotten: HostKeyEvent = { type: 'host-key-forgotten', data: server };

test('forgets a pinned host key, and only that', () => {
  given(hostKeyDecider).when(server).then();
  given(hostKeyDecider, pinned).when(server).then(forgotten);
  given(hostKeyDecider, pinned, forgotten).when(server).then();
  given(hostKeyDecider, pinned, forgotten, pinned).when(server).then(forgotten);
});
