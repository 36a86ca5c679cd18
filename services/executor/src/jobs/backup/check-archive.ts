import type { ArchiveFacts } from '@cyborgbackup/contracts';
import { humanBytes } from '@cyborgbackup/kernel';
import { listEntries } from '../../borg/queries.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { policyOf } from '../../job/job-plan.ts';
import type { JobResult } from '../../job/job-result.ts';
import type { LastBackup } from '../../tables/series.ts';
import type { BackupSource } from './sources/backup-source.ts';

export interface ArchiveComparison {
  readonly archive: Pick<ArchiveFacts, 'name' | 'files' | 'original_size'>;
  /** There was nothing to back up: no file, or a dump of no bytes. */
  readonly isEmpty: boolean;
  readonly last: LastBackup | undefined;
  /** Percent by which a source may shrink; null = also to nothing. */
  readonly shrinkLimit: number | null;
}

/** Why an archive cannot be trusted although borg made it; undefined when it is plausible. */
export const plausibilityError = (comparison: ArchiveComparison): string | undefined => {
  const { archive, isEmpty, last, shrinkLimit } = comparison;
  if (shrinkLimit === null) return undefined;
  const advice = 'If that is right, raise or clear shrink_limit of the policy for one run.';
  if (isEmpty) return `The source was empty. ${advice}`;
  if (!last || last.originalSize === 0) return undefined;
  const shrunk = 100 * (1 - archive.original_size / last.originalSize);
  if (shrunk <= shrinkLimit) return undefined;
  const from = `${humanBytes(last.originalSize)} in ${last.archive} to ${humanBytes(archive.original_size)}`;
  return `The source shrank by ${Math.floor(shrunk)} %, from ${from}; ${shrinkLimit} % are allowed. ${advice}`;
};

/** Some of borg's sizes include what it notes about a file, so those of a small dump do not tell whether it is empty. */
const SMALL_BYTES = 8_192;

const isEmptyDump = async (context: JobContext, endpoint: BorgEndpoint, archive: ArchiveFacts): Promise<boolean> => {
  if (archive.original_size > SMALL_BYTES) return false;
  let bytes = 0;
  await listEntries(context, endpoint, { archive: archive.name }, async ({ size }) => {
    bytes += size;
  });
  return bytes === 0;
};

/**
 * Fails the job whose archive exists but cannot be trusted; the archive is recorded with the failure.
 * @throws JobFailure
 */
export const checkArchive = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  { source, result, last }: { source: BackupSource; result: JobResult; last: LastBackup | undefined },
): Promise<void> => {
  const { archive, warnings } = result;
  const shrinkLimit = policyOf(context.plan).shrink_limit;
  if (!archive || shrinkLimit === null) return;
  const isEmpty = source.content.kind === 'dump' ? await isEmptyDump(context, endpoint, archive) : archive.files === 0;
  const reason = plausibilityError({ archive, isEmpty, last, shrinkLimit });
  if (reason !== undefined) throw new JobFailure(reason, { archive, warnings });
};
