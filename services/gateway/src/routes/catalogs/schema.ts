import { z } from 'zod';

export const catalogSchema = z.object({
  id: z.int(),
  url: z.string(),
  archive_name: z.string(),
  path: z.string().describe('Bytes that are not UTF-8 are U+DC80 to U+DCFF, as in Python and borg.'),
  job: z.int(),
  mode: z.string(),
  mtime: z.string(),
  owner: z.string(),
  group: z.string(),
  size: z.int(),
  healthy: z.boolean(),
});

export const catalogQuery = z.object({
  cursor: z
    .string()
    .describe(
      'The last id of the page before, as `next` has it: the page begins right behind it, which costs the same at any depth. ' +
        'Without filters, or with `archive_name` or `job` ones, in the order of ids.',
    )
    .optional(),
});
