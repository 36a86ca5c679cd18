import { parseCreateResult, type ArchiveInfo, type RepositoryInfo } from '@cyborgbackup/borg';
import type { ArchiveFacts, RepositorySizes } from '@cyborgbackup/contracts';
import type { JobResult } from '../../job/job-result.ts';

const factsOf = (archive: ArchiveInfo): ArchiveFacts => ({
  name: archive.name,
  borg_id: archive.id,
  started_at: archive.start,
  finished_at: archive.end,
  duration: archive.durationSeconds,
  files: archive.files,
  original_size: archive.originalSize,
  compressed_size: archive.compressedSize,
  deduplicated_size: archive.deduplicatedSize,
});

export const sizesOf = (cache: RepositoryInfo['cache']): RepositorySizes | null =>
  cache
    ? {
        original_size: cache.totalSize,
        compressed_size: cache.totalCompressedSize,
        deduplicated_size: cache.uniqueCompressedSize,
      }
    : null;

/** What `borg create --json` told. */
export const resultOfCreate = (stdout: string, warnings: readonly string[]): JobResult => {
  const { archive, cache } = parseCreateResult(stdout);
  return { warnings, archive: factsOf(archive), repositorySizes: sizesOf(cache), pruned: [] };
};

/** What `borg info --json` tells of an archive that a lost attempt completed. */
export const resultOfInfo = (archive: ArchiveInfo): JobResult => ({
  warnings: ['The archive was completed by an attempt whose executor was lost; nothing was backed up twice.'],
  archive: factsOf(archive),
  repositorySizes: null,
  pruned: [],
});
