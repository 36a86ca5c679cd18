import { createHash } from 'node:crypto';

/** `SHA256:` and 43 base64 characters of a public key blob, as `ssh-keygen -l` shows it. */
export const fingerprintOf = (blob: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
