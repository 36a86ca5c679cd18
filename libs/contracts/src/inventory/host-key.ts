import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText } from '../wire/scalars.ts';

const server = { host: requiredText(1024), port: z.int().min(1).max(65_535) };

/** First contact with an SSH server: from here on only this key is accepted from it. */
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

/** A user withdrew trust in the pinned key; the next contact pins the key that the server has then. */
export const hostKeyForgotten = defineEvent({
  type: 'host-key-forgotten',
  schema: z.object(server),
});

export const hostKeyEvents = [hostKeyPinned, hostKeyForgotten] as const;
export type HostKeyEvent = EventOf<(typeof hostKeyEvents)[number]>;

/** One stream for each server: `host-key-<host>:<port>`, in lower case. */
export const hostKeyStream = (host: string, port: number): string => `host-key-${host.toLowerCase()}:${port}`;
