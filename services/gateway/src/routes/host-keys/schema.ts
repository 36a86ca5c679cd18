import { z } from 'zod';

export const hostKeySchema = z.object({
  type: z.literal('host_key'),
  url: z.string(),
  host: z.string(),
  port: z.int(),
  key_type: z.string(),
  /** As ssh-keygen prints it. */
  fingerprint: z.string(),
  public_key: z.string(),
  created: z.string(),
});

/** Of clients and repositories. */
export const hostKeyField = z
  .string()
  .nullable()
  .describe(
    'The SSH key that is pinned for the host, as in known_hosts; null while none is. What is sent is pinned before the first contact, ' +
      'and null leaves the pin as it is. A pinned key has to be forgotten (see host_keys) before another one is pinned.',
  );
