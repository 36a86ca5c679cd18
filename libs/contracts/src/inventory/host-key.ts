import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText, text } from '../wire/scalars.ts';

const server = { host: requiredText(1024), port: z.int().min(1).max(65_535) };

/** First contact with an SSH server, or a user who knows its key: from here on only this key is accepted from it. */
export const hostKeyPinned = defineEvent({
  type: 'host-key-pinned',
  schema: z.object({
    ...server,
    /** For example `ssh-ed25519`. */
    key_type: z.string(),
    /** `SHA256:…`, as ssh-keygen prints it. */
    fingerprint: z.string(),
    /** The public key blob, base64, as in `known_hosts`. */
    public_key: z.string(),
  }),
});

/** A user withdrew trust in the pinned key; the next contact pins the key that the server has then, where that is allowed. */
export const hostKeyForgotten = defineEvent({
  type: 'host-key-forgotten',
  schema: z.object(server),
});

export const hostKeyEvents = [hostKeyPinned, hostKeyForgotten] as const;
export type HostKeyEvent = EventOf<(typeof hostKeyEvents)[number]>;

/** `::ffff:` and an IPv4 address in hexadecimal. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** An IPv4 address inside of an IPv6 one leads to the same host as it does alone. */
const withoutMapping = (address: string): string => {
  const [, high = '', low = ''] = MAPPED.exec(address) ?? [];
  const pairs = [high, low].map((digits) => Number.parseInt(digits, 16));
  return high === '' ? address : pairs.flatMap((pair) => [pair >> 8, pair & 0xff]).join('.');
};

/** One spelling for each host name or address: in lower case, without a dot at the end, an IPv6 address short and without brackets. */
export const comparableHost = (host: string): string => {
  const bare = host
    .replace(/^\[(.*)\]$/s, '$1')
    .toLowerCase()
    .replace(/\.$/, '');
  const url = `http://${bare.includes(':') ? `[${bare}]` : bare}`;
  // What is no host of a URL is no host name either, and is compared as it is.
  return URL.canParse(url) ? withoutMapping(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')) : bare;
};

/** One stream for each server: `host-key-<host>:<port>`. */
export const hostKeyStream = (host: string, port: number): string => `host-key-${comparableHost(host)}:${port}`;

/** The pin in the API. */
export const hostKeyUrl = (host: string, port: number): string =>
  `/api/v1/host_keys/${encodeURIComponent(host)}:${port}/`;

/** The field `host_key` of clients and repositories, as it is sent: null and an empty text leave the pin as it is. */
export const sentHostKey = text(16_384).nullable();
