import { openBackupEndpoint } from '../../endpoints/backup-endpoint.ts';
import { archiveOf, clientOf, policyOf, repositoryOf } from '../../job/job-plan.ts';
import type { JobResult } from '../../job/job-result.ts';
import { caughtUp } from '../../read/caught-up.ts';
import { readLastGood, seriesOf, type LastBackup } from '../../read/series.ts';
import { sourceOf } from './sources/source-of.ts';
import { resultOfCreate, resultOfInfo } from './archive-facts.ts';
import { checkArchive } from './check-archive.ts';
import { createArchive } from './create-archive.ts';
import { runPrehook, withPosthook } from './hooks.ts';
import { connectionsOf, type JobContext } from '../../job/job-context.ts';
import { findLostArchive, removeArchive, removeCheckpoints, withoutHalfArchive } from './lost-archive.ts';
import { openVariables } from '../../job/open-variables.ts';

/** The backup before this one of the same policy, client and machine. */
const lastBackupOf = async ({ parts, plan }: JobContext): Promise<LastBackup | undefined> => {
  const series = seriesOf(plan);
  if (!series) return undefined;
  await caughtUp(parts);
  return readLastGood(parts.pool, series);
};

/**
 * Runs a backup:
 *
 *   1. what a lost attempt completed is taken as it is, unless borg read files through a mount: had that gone away, borg
 *      would have completed an archive without them;
 *   2. otherwise the prehook runs, then borg;
 *   3. the archive is held against the last one of its series: an empty or shrunken source fails the job;
 *   4. the posthook runs, whatever happened before, unless another executor goes on with the job and will run it.
 */
export const runBackup = async (context: JobContext): Promise<JobResult> => {
  const { plan, output, attempt } = context;
  const policy = policyOf(plan);
  const client = clientOf(plan);
  const archive = archiveOf(plan);
  const source = sourceOf({
    policyType: policy.policy_type,
    variables: await openVariables(context),
    client,
    vmProvider: policy.vmprovider,
    machine: plan.job.machine,
  });
  const last = await lastBackupOf(context);
  output.write('verbose', `Connecting to ${client.hostname}:${client.port}`);
  await using place = await openBackupEndpoint(connectionsOf(context), {
    client,
    repository: repositoryOf(plan),
    pull: policy.mode_pull,
  });

  const makeArchive = async (): Promise<JobResult> => {
    const lost = attempt > 1 ? await findLostArchive(context, place, archive) : undefined;
    const isWhole = !place.pull || source.content.kind === 'dump';
    if (lost && isWhole) return resultOfInfo(lost);
    if (lost) await removeArchive(context, place, archive);
    await runPrehook(context, place.client);
    const interval = source.archive.checkpointIntervalSeconds;
    const { result, warnings } = await withoutHalfArchive(context, place, { archive, interval }, () =>
      createArchive(context, place, { source, archive, last }),
    );
    return resultOfCreate(result.stdout, warnings);
  };
  const work = async (): Promise<JobResult> => {
    const result = await makeArchive();
    if (attempt > 1) await removeCheckpoints(context, place, archive);
    await checkArchive(context, place, { source, result, last });
    return result;
  };
  return await withPosthook(context, place.client, work);
};
