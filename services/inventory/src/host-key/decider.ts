import type { HostKey } from '@cyborgbackup/borg';
import { hostKeyUrl, type HostKeyEvent } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';

/** What people do with pins. The executor, which meets the servers, has a decider of its own for the first contact. */
export type HostKeyCommand = { readonly host: string; readonly port: number } & (
  { readonly type: 'pin'; readonly key: HostKey } | { readonly type: 'forget' }
);

interface PinnedKey {
  readonly public_key: string;
  readonly fingerprint: string;
}

const pin = (
  { host, port, key }: HostKeyCommand & { type: 'pin' },
  pinned: PinnedKey | undefined,
): readonly HostKeyEvent[] => {
  if (pinned?.public_key === key.base64) return [];
  if (pinned) {
    throw new AppError(
      'conflict',
      `Another key is pinned for ${host}:${port}: ${pinned.fingerprint}, and this one is ${key.fingerprint}. If the host ` +
        `really has a new key, forget the old one first (DELETE ${hostKeyUrl(host, port)}).`,
    );
  }
  const { type: key_type, fingerprint, base64: public_key } = key;
  return [{ type: 'host-key-pinned', data: { host, port, key_type, fingerprint, public_key } }];
};

/** A pinned key is never replaced by another one: it has to be forgotten first. */
export const hostKeyDecider: Decider<PinnedKey | undefined, HostKeyCommand, HostKeyEvent> = {
  initialState: undefined,
  decide: (command, pinned) => {
    if (command.type === 'pin') return pin(command, pinned);
    const { host, port } = command;
    return pinned ? [{ type: 'host-key-forgotten', data: { host, port } }] : [];
  },
  evolve: (_, event) => (event.type === 'host-key-pinned' ? event.data : undefined),
};
