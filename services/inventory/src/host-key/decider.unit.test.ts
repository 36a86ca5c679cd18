import type { HostKeyEvent } from '@cyborgbackup/contracts';
import { test } from 'vitest';
import { given } from '../testing/specification.ts';
import { hostKeyDecider } from './decider.ts';

const place = { host: 'nas', port: 22 };
const pinned: HostKeyEvent = {
  type: 'host-key-pinned',
  data: { ...place, key_type: 'ssh-ed25519', fingerprint: 'SHA256:x', public_key: 'AAAA' },
};
const forgotten: HostKeyEvent = { type: 'host-key-forgotten', data: place };

test('a pinned key is forgotten, and only that', () => {
  given(hostKeyDecider).when(place).then();
  given(hostKeyDecider, pinned).when(place).then(forgotten);
  given(hostKeyDecider, pinned, forgotten).when(place).then();
  given(hostKeyDecider, pinned, forgotten, pinned).when(place).then(forgotten);
});
