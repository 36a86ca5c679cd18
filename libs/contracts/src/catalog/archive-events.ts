import { defineEvent } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../wire/scalars.ts';

/** The archive is gone from the repository, so its entries go from the catalog. Stream `catalog-<backup job>`. */
export const archiveRemoved = defineEvent({
  type: 'archive-removed',
  version: 1,
  schema: z.object({ job: uuid, reason: z.string() }),
});

/** The archive went from the repository without us, and so does what the catalog has of it. Same stream. */
export const archiveVanished = defineEvent({
  type: 'archive-vanished',
  version: 1,
  schema: z.object({ job: uuid, repository: uuid, archive: z.string(), borg_id: z.string() }),
});

/**
 * The archive is in the repository after all, under the same id. Its entries come back when it is listed again. Same stream.
 */
export const archiveReappeared = defineEvent({
  type: 'archive-reappeared',
  version: 1,
  schema: z.object({ job: uuid, repository: uuid, archive: z.string(), borg_id: z.string() }),
});

/** The repository has an archive that no job of ours made. Recorded once. Stream `catalog-repository-<repository>`. */
export const unknownArchiveFound = defineEvent({
  type: 'unknown-archive-found',
  version: 1,
  schema: z.object({ repository: uuid, archive: z.string(), borg_id: z.string() }),
});

/** Most paths that one check can name. */
export const BROKEN_PATHS_MAX = 1_000;

/** What a check of the repository found out about one archive; it replaces what an earlier one found. Same stream. */
export const archiveChecked = defineEvent({
  type: 'archive-checked',
  version: 1,
  schema: z.object({
    job: uuid,
    archive_healthy: z.boolean(),
    /** Files that cannot be restored whole; more of them than named here there may be. */
    broken_paths: z.array(z.string()).max(BROKEN_PATHS_MAX),
    checked_at: timestamp,
  }),
});

/** What happens to one archive of the catalog; see `listing-events.ts` for how it is listed. */
export const archiveStream = (job: string): string => `catalog-${job}`;

/** What is found in a repository beside our own archives. */
export const unknownArchivesStream = (repository: string): string => `catalog-repository-${repository}`;
