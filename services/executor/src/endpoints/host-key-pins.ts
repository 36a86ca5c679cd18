import { SshError, type HostKey, type HostKeyPins } from '@cyborgbackup/borg';
import {
  hostKeyForgotten,
  hostKeyPinned,
  hostKeyStream,
  TRUST_FIRST_CONTACT_SETTING,
  type HostKeyEvent,
} from '@cyborgbackup/contracts';
import type { Decider } from '@cyborgbackup/kernel';
import { handleCommand, loadState } from '@cyborgbackup/event-store';
import type { KeylessDeps } from '@cyborgbackup/service';
import { commandsOf } from '../job/executor-deps.ts';
import { trustsFirstContact } from './secrets.ts';

interface Pin {
  readonly host: string;
  readonly port: number;
  readonly key: HostKey;
}

type Pinned = HostKey | undefined;

/** The first key seen stays until a user makes us forget it. Two executors that meet a host at once pin one key: one append wins. */
export const hostKeyDecider: Decider<Pinned, Pin, HostKeyEvent> = {
  initialState: undefined,
  decide: ({ host, port, key }, pinned) =>
    pinned
      ? []
      : [
          {
            type: hostKeyPinned.type,
            data: { host, port, key_type: key.type, fingerprint: key.fingerprint, public_key: key.base64 },
          },
        ],
  evolve: (pinned, event) => {
    switch (event.type) {
      case hostKeyPinned.type:
        return {
          type: event.data.key_type,
          fingerprint: event.data.fingerprint,
          base64: event.data.public_key,
        };
      case hostKeyForgotten.type:
        return undefined;
      default:
        return pinned;
    }
  },
};

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

/** It tells the fingerprint to compare, and not the key: what an attacker offers must not be there to be pasted. */
const refusal = (host: string, port: number, { type, fingerprint }: HostKey): SshError =>
  new SshError(
    'host-key',
    `No host key is pinned for ${host}:${port}, and the setting ${TRUST_FIRST_CONTACT_SETTING} is off. It has ${type} ` +
      `${fingerprint}. If "ssh-keygen -lf" says the same of /etc/ssh/ssh_host_*_key.pub on the host itself, pin the line in that ` +
      `file: POST /api/v1/host_keys/ {"host": "${bracketed(host)}:${port}", "public_key": "${type} AAAA…"}.`,
  );

/** Host keys as the log has them. A key is pinned at the first contact unless a setting forbids that. */
export const createHostKeyPins = (deps: KeylessDeps): HostKeyPins => {
  const pin = handleCommand(commandsOf(deps), hostKeyDecider);
  return {
    known: async (host, port) => {
      const { state: key } = await loadState(deps, hostKeyDecider, hostKeyStream(host, port));
      return key ? [key] : [];
    },
    record: async (host, port, key) => {
      if (!(await trustsFirstContact(deps))) throw refusal(host, port, key);
      const { state } = await pin(hostKeyStream(host, port), { host, port, key });
      if (state?.base64 !== key.base64)
        throw new Error(`Another key was pinned for ${host}:${port} at the same moment.`);
    },
  };
};
