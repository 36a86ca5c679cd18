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

/** One stream for each server: `host-key-<host>:<port>`, in lower case, an IPv6 address without brackets. */
export const hostKeyStream = (host: string, port: number): string =>
  `host-key-${host.replace(/^\[(.*)\]$/, '$1').toLowerCase()}:${port}`;

/** The pin in the API. */
export const hostKeyUrl = (host: string, port: number): string =>
  `/api/v1/host_keys/${encodeURIComponent(host)}:${port}/`;

/** The field `host_key` of clients and repositories, as it is sent: null and an empty text leave the pin as it is. */
export const sentHostKey = text(16_384).nullable();
