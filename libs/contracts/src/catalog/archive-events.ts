import { defineEvent } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { timestamp, uuid } from '../wire/scalars.ts';

/** A job deleted the archive from the repository, so its entries leave the catalog. Stream `catalog-<backup job>`. */
export const archiveRemoved = defineEvent({
  type: 'archive-removed',
  schema: z.object({ job: uuid, reason: z.string() }),
});

/** The archive was deleted by other means than ours, so its entries leave the catalog. Same stream. */
export const archiveVanished = defineEvent({
  type: 'archive-vanished',
  schema: z.object({ job: uuid, repository: uuid, archive: z.string(), borg_id: z.string() }),
});

/**
 * A removed or vanished archive is in the repository, under the same id. Its entries come back when it is listed again. Same
 * stream.
 */
export const archiveReappeared = defineEvent({
  type: 'archive-reappeared',
  schema: z.object({ job: uuid, repository: uuid, archive: z.string(), borg_id: z.string() }),
});

/** The repository has an archive that no job made. Recorded once. Stream `catalog-repository-<repository>`. */
export const unknownArchiveFound = defineEvent({
  type: 'unknown-archive-found',
  schema: z.object({ repository: uuid, archive: z.string(), borg_id: z.string() }),
});

/** Limit of paths in one event. */
export const BROKEN_PATHS_MAX = 1_000;

/** Findings of a check of the repository about one archive; they replace earlier ones. Stream `catalog-<backup job>`. */
export const archiveChecked = defineEvent({
  type: 'archive-checked',
  schema: z.object({
    job: uuid,
    archive_healthy: z.boolean(),
    /** Files that cannot be restored whole; not all of them when there are more than the limit. */
    broken_paths: z.array(z.string()).max(BROKEN_PATHS_MAX),
    checked_at: timestamp,
  }),
});

/** Events of one archive; its listings have streams of their own, see `listing-events.ts`. */
export const archiveStream = (job: string): string => `catalog-${job}`;

/** Archives in a repository that no job made. */
export const unknownArchivesStream = (repository: string): string => `catalog-repository-${repository}`;
