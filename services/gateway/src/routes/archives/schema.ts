import { z } from 'zod';

const reference = z.int().nullable();

export const archiveSchema = z.object({
  id: z.int().describe('Of the job that made it.'),
  type: z.literal('archive'),
  url: z.string(),
  related: z.record(z.string(), z.string()),
  summary_fields: z.record(z.string(), z.unknown()),
  name: z.string(),
  job: z.int(),
  policy: reference,
  client: reference,
  repository: reference,
  machine: z.string().describe('The virtual machine’s id at its hypervisor; empty for a host.'),
  started: z.string(),
  finished: z.string(),
  files: z.int(),
  original_size: z.int(),
  compressed_size: z.int(),
  deduplicated_size: z.int(),
  entries: z.int().describe('In the catalog.'),
  complete: z.boolean().describe('Whether the catalog has all of it.'),
  failed: z.boolean().describe('It is there although its job failed: the source was empty or shrank.'),
  healthy: z.boolean(),
  unsafe: z
    .string()
    .nullable()
    .describe('Why it is neither restored, nor drilled, nor downloaded as a whole; null for an archive that is safe.'),
  checked: z.string().nullable(),
});

/** Names of archives are unique in a repository only. */
export const archiveQuery = z.object({
  repository: z
    .string()
    .describe('Id or name of the repository; needed when several have an archive of this name.')
    .optional(),
});
