import type { ArchiveProgress, BorgProgress } from '@cyborgbackup/borg';
import { humanBytes } from '@cyborgbackup/kernel';
import { createRate, secondsToGo, type LastReading } from '../../borg/progress.ts';
import type { JobOutput } from '../../output/job-output.ts';

const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds) % 60).padStart(2, '0')}`;

/** Reports a backup's figures, from borg's own progress. */
export const backupProgress = (
  output: JobOutput,
  last: LastReading | undefined,
): ((progress: BorgProgress) => void) => {
  const startedAt = Date.now();
  const rateOf = createRate();
  const report = (progress: ArchiveProgress): void => {
    const reading = { elapsed: (Date.now() - startedAt) / 1000, bytes: progress.originalSize };
    const rate = rateOf(reading);
    const eta = secondsToGo(reading, last);
    const remaining = eta === null ? '' : `, ${minutes(eta)} to go`;
    const text = `${progress.files} files, ${humanBytes(progress.originalSize)} read, ${humanBytes(progress.deduplicatedSize)} new, ${humanBytes(rate)}/s${remaining}`;
    output.progress(progress.path === '' ? text : `${text}  ${progress.path}`, {
      phase: 'backup',
      files: progress.files,
      original_size: progress.originalSize,
      compressed_size: progress.compressedSize,
      deduplicated_size: progress.deduplicatedSize,
      rate,
      path: progress.path,
      eta,
    });
  };
  return (progress) => {
    if (progress.type === 'archive_progress' && !progress.finished) report(progress);
  };
};
