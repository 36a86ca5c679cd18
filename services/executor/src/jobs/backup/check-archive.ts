import { listFilesCommand, parseListLine } from '@cyborgbackup/borg';
import type { ArchiveFacts } from '@cyborgbackup/contracts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { policyOf } from '../../job/job-plan.ts';
import type { JobResult } from '../../job/job-result.ts';
import type { LastBackup } from '../../read/series.ts';
import type { BackupSource } from './sources/backup-source.ts';
import type { JobContext } from '../../job/job-context.ts';
import { plausibilityError } from './judge-archive.ts';
import { LOCK_WAIT_SECONDS, runBorgStep } from '../../borg/run-step.ts';

/** Borg's sizes include what it notes about a file, so those of a small dump do not tell whether it is empty. */
const SMALL_BYTES = 8_192;

const isEmptyDump = async (context: JobContext, place: BorgEndpoint, archive: ArchiveFacts): Promise<boolean> => {
  if (archive.original_size > SMALL_BYTES) return false;
  let bytes = 0;
  await runBorgStep(context, place, {
    argv: listFilesCommand({
      repository: place.repository,
      archive: archive.name,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
    }),
    onStdoutLine: ({ text }) => {
      bytes += parseListLine(text)?.size ?? 0;
    },
  });
  return bytes === 0;
};

/**
 * Fails the job whose archive is there but cannot be trusted; it is recorded with the failure.
 * @throws JobFailure
 */
export const checkArchive = async (
  context: JobContext,
  place: BorgEndpoint,
  { source, result, last }: { source: BackupSource; result: JobResult; last: LastBackup | undefined },
): Promise<void> => {
  const { archive, warnings } = result;
  const shrinkLimit = policyOf(context.plan).shrink_limit;
  if (!archive || shrinkLimit === null) return;
  const isEmpty = source.content.kind === 'dump' ? await isEmptyDump(context, place, archive) : archive.files === 0;
  const suspicion = plausibilityError({ archive, isEmpty, last, shrinkLimit });
  if (suspicion !== undefined) throw new JobFailure(suspicion, { archive, warnings });
};
