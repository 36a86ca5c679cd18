import { checkHostName, parseKnownHostKey, withoutBrackets, type HostKey } from '@cyborgbackup/borg';
import { hostKeyStream } from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { fieldError, hasCode } from '@cyborgbackup/kernel';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { hostKeyDecider } from './decider.ts';

/** Where an SSH server listens. */
export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

/** What a check refuses becomes an error of this field. */
const checkField = <Value>(field: string, check: () => Value): Value => {
  try {
    return check();
  } catch (error) {
    if (!hasCode(error, 'validation')) throw error;
    throw fieldError(field, error.message);
  }
};

/** @throws AppError `validation` on the field */
export const checkHostNameField = (field: string, host: string | undefined): void => {
  if (host !== undefined) checkField(field, () => checkHostName(host));
};

/**
 * The key that was sent with a client or repository; undefined for none: null and an empty text leave the pin as it is.
 * @throws AppError `validation` on the field
 */
export const sentKey = (sent: string | null | undefined, field = 'host_key'): HostKey | undefined =>
  sent ? checkField(field, () => parseKnownHostKey(sent)) : undefined;

/** @throws AppError `validation` on `host`, unless it is `NAME:PORT` */
export const parseHostAddress = (text: string): HostAddress => {
  const [, name = '', digits = ''] = /^(\[.+\]|[^:]+):(\d{1,5})$/s.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) {
    throw fieldError('host', 'Write NAME:PORT, such as nas.example.com:22, and an IPv6 address as [2001:db8::1]:22.');
  }
  checkHostNameField('host', name);
  return { host: withoutBrackets(name), port };
};

/**
 * Pins a key for an address; it may be pinned already.
 * @returns the log position from which on the read model shows it
 * @throws AppError `conflict` when another key is pinned there
 */
export type PinHostKey = (address: HostAddress, key: HostKey) => Promise<bigint>;

export const createPinHostKey = (deps: InventoryDeps): PinHostKey => {
  const handle = handleCommand(deps, hostKeyDecider);
  return async ({ host, port }, key) => {
    const { position = 0n } = await handle(hostKeyStream(host, port), { type: 'pin', host, port, key });
    return position;
  };
};
