import { z } from 'zod';

export const drillSchema = z.object({
  /** Of the drill's job. */
  id: z.int(),
  type: z.literal('drill'),
  url: z.string(),
  related: z.record(z.string(), z.string()),
  policy: z.int().nullable(),
  policy_name: z.string(),
  client: z.int().nullable(),
  client_hostname: z.string(),
  /** A virtual machine of the client, or empty. */
  machine: z.string(),
  archive_name: z.string(),
  /** Which files were picked follows from it. */
  seed: z.string(),
  requested: z.string(),
  ended: z.string().nullable(),
  /** Null until the drill has ended. */
  passed: z.boolean().nullable(),
  files: z.int(),
  /** Those that could not be restored as they were. */
  failed_files: z.int(),
  bytes: z.int(),
  /** Seconds. */
  duration: z.number().nullable(),
  /** Why it failed. */
  reason: z.string(),
});

export const clientProofSchema = z.object({
  client: z.int(),
  hostname: z.string(),
  enabled: z.boolean(),
  /** When it was proven last that files of the client can be restored; null = never. */
  last_proof: z.string().nullable(),
  /** Seconds since then. */
  age: z.number().nullable(),
  /** The drill that proved it. */
  drill: z.int().nullable(),
  /** When a drill of the client failed last. */
  last_failure: z.string().nullable(),
  /** Whether the latest drill failed. */
  failing: z.boolean(),
});
