import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText } from '../wire/scalars.ts';

const place = { host: requiredText(1024), port: z.int().min(1).max(65_535) };

/** First contact with an SSH server: from now on only this key is accepted there. */
export const hostKeyPinned = defineEvent({
  type: 'host-key-pinned',
  version: 1,
  schema: z.object({
    ...place,
    /** For example `ssh-ed25519`. */
    key_type: z.string(),
    /** `SHA256:…`, as ssh-keygen prints it. */
    fingerprint: z.string(),
    /** The public key blob, base64, as in `known_hosts`. */
    public_key: z.string(),
  }),
});

/** Somebody refused the pinned key's host to be trusted any longer; the next contact pins anew. */
export const hostKeyForgotten = defineEvent({
  type: 'host-key-forgotten',
  version: 1,
  schema: z.object(place),
});

export const hostKeyEvents = [hostKeyPinned, hostKeyForgotten] as const;
export type HostKeyEvent = EventOf<(typeof hostKeyEvents)[number]>;

/** One stream for each server: `host-key-<host>:<port>`, in lower case. */
export const hostKeyStream = (host: string, port: number): string => `host-key-${host.toLowerCase()}:${port}`;
