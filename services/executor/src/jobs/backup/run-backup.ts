import { parseCreateResult, type ArchiveInfo } from '@cyborgbackup/borg';
import type { ArchiveFacts } from '@cyborgbackup/contracts';
import { openBackupEndpoint } from '../../endpoints/backup-endpoint.ts';
import { refuseClockDifference } from '../../endpoints/clock-difference.ts';
import { policySecret } from '../../endpoints/secrets.ts';
import type { JobContext } from '../../job/job-context.ts';
import { archiveOf, clientOf, policyOf, repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, repositorySizesOf, type JobResult } from '../../job/job-result.ts';
import { waitForExecutor } from '../../tables/wait-for-executor.ts';
import { readLastGood, seriesOf, type LastBackup } from '../../tables/series.ts';
import { noticeBorgVersion } from './borg-version.ts';
import { checkArchive } from './check-archive.ts';
import { confirmArchive } from './confirm-archive.ts';
import { createArchive } from './create-archive.ts';
import { runPrehook, withPosthook } from './hooks.ts';
import { findLostArchive, removeArchive, removeCheckpoints, withoutHalfArchive } from './lost-archive.ts';
import { sourceOf } from './sources/source-of.ts';

/** The backup before this one of the same policy, client and machine. */
const lastBackupOf = async ({ deps, plan }: JobContext): Promise<LastBackup | undefined> => {
  const series = seriesOf(plan);
  if (!series) return undefined;
  await waitForExecutor(deps);
  return readLastGood(deps.pool, series);
};

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

/** An archive as the borg that made it reports it. */
interface ClaimedArchive {
  readonly archive: ArchiveInfo;
  readonly warnings: readonly string[];
}

const LOST_WARNING = 'The archive was completed by an attempt whose executor was lost; nothing was backed up twice.';

/**
 * Runs a backup:
 *
 *   1. an archive that a lost attempt completed is taken as it is, unless borg read files through a mount: had that gone away,
 *      borg would have completed an archive without them;
 *   2. otherwise the prehook runs, then borg;
 *   3. the archive is looked up from the repository's side, and its figures are taken from there;
 *   4. it is compared with the last one of its series: an empty or shrunken source fails the job;
 *   5. the posthook runs, whatever happened before, unless another executor goes on with the job and will run it.
 */
export const runBackup = async (context: JobContext): Promise<JobResult> => {
  const { deps, plan, output, attempt } = context;
  const policy = policyOf(plan);
  const client = clientOf(plan);
  const archive = archiveOf(plan);
  const source = sourceOf({
    policy,
    variables: await policySecret(deps, 'extra_vars'),
    client,
    machine: plan.job.machine,
  });
  const last = await lastBackupOf(context);
  output.write('verbose', `Connecting to ${client.hostname}:${client.port}`);
  await using endpoint = await openBackupEndpoint(context, {
    client,
    repository: repositoryOf(plan),
    pull: policy.mode_pull,
  });
  await refuseClockDifference(context, { hostname: client.hostname, seconds: endpoint.clockDifference });
  await noticeBorgVersion(context, endpoint);

  const makeArchive = async (): Promise<ClaimedArchive> => {
    const lost = attempt > 1 ? await findLostArchive(context, endpoint, archive) : undefined;
    const isWhole = !endpoint.pull || source.content.kind === 'dump';
    if (lost && isWhole) return { archive: lost, warnings: [LOST_WARNING] };
    if (lost) await removeArchive(context, endpoint, archive);
    await runPrehook(context, endpoint.client);
    const interval = source.archive.checkpointIntervalSeconds;
    const { result, warnings } = await withoutHalfArchive(context, endpoint, { archive, interval }, () =>
      createArchive(context, endpoint, { source, archive, last }),
    );
    return { archive: parseCreateResult(result.stdout).archive, warnings };
  };
  return await withPosthook(context, endpoint.client, async () => {
    const { archive: claimed, warnings } = await makeArchive();
    const confirmed = await confirmArchive(context, endpoint, claimed, archive);
    const result: JobResult = {
      ...EMPTY_RESULT,
      warnings,
      archive: factsOf(confirmed.archive),
      repository_sizes: repositorySizesOf(confirmed.cache),
    };
    if (attempt > 1) await removeCheckpoints(context, endpoint, archive);
    await checkArchive(context, endpoint, { source, result, last });
    return result;
  });
};
