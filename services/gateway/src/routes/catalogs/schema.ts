import { z } from 'zod';

export const catalogSchema = z.object({
  id: z.int(),
  url: z.string(),
  archive_name: z.string(),
  path: z.string(),
  job: z.int(),
  mode: z.string(),
  mtime: z.string(),
  owner: z.string(),
  group: z.string(),
  size: z.int(),
  healthy: z.boolean(),
});
