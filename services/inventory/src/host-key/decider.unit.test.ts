import type { HostKeyEvent } from '@cyborgbackup/contracts';
import { expect, test } from 'vitest';
import { given } from '../testing/specification.ts';
import { hostKeyDecider } from './decider.ts';

const server = { host: 'nas', port: 22 };
const pinned: HostKeyEvent = {
  type: 'host-key-pinned',
  data: { ...server, key_type: 'ssh-ed25519', fingerprint: 'SHA256:x', public_key: 'AAAA' },
};
const forgotten: HostKeyEvent = { type: 'host-key-forgotten', data: server };

const forget = { type: 'forget', ...server } as const;
const pin = (base64: string) =>
  ({ type: 'pin', ...server, key: { type: 'ssh-ed25519', fingerprint: 'SHA256:x', base64 } }) as const;

test('forgets a pinned host key, and only that', () => {
  given(hostKeyDecider).when(forget).then();
  given(hostKeyDecider, pinned).when(forget).then(forgotten);
  given(hostKeyDecider, pinned, forgotten).when(forget).then();
  given(hostKeyDecider, pinned, forgotten, pinned).when(forget).then(forgotten);
});

test('pins a host key once, and no other one before that is forgotten', () => {
  given(hostKeyDecider).when(pin('AAAA')).then(pinned);
  given(hostKeyDecider, pinned).when(pin('AAAA')).then();
  given(hostKeyDecider, pinned, forgotten).when(pin('AAAA')).then(pinned);
  given(hostKeyDecider, pinned)
    .when(pin('AAAB'))
    .refused({ code: 'conflict', message: expect.stringContaining('DELETE /api/v1/host_keys/nas:22/') });
});
