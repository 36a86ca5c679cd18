import type { HostKeyEvent } from '@cyborgbackup/contracts';
import type { Decider } from '@cyborgbackup/kernel';

interface Pin {
  readonly isPinned: boolean;
}

/** Pinning is the executor's: it meets the server. Here a pin is only given up. */
export interface ForgetHostKey {
  readonly host: string;
  readonly port: number;
}

export const hostKeyDecider: Decider<Pin, ForgetHostKey, HostKeyEvent> = {
  initialState: { isPinned: false },
  decide: ({ host, port }, { isPinned }) => (isPinned ? [{ type: 'host-key-forgotten', data: { host, port } }] : []),
  evolve: (_, event) => ({ isPinned: event.type === 'host-key-pinned' }),
};
