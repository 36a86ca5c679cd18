import type { HostKeyEvent } from '@cyborgbackup/contracts';
import type { Decider } from '@cyborgbackup/kernel';

/** Pinning is the executor's: it meets the server. Here a pin is only given up. */
export interface ForgetHostKey {
  readonly host: string;
  readonly port: number;
}

/** The state tells whether a key is pinned. */
export const hostKeyDecider: Decider<boolean, ForgetHostKey, HostKeyEvent> = {
  initialState: false,
  decide: ({ host, port }, isPinned) => (isPinned ? [{ type: 'host-key-forgotten', data: { host, port } }] : []),
  evolve: (_, event) => event.type === 'host-key-pinned',
};
