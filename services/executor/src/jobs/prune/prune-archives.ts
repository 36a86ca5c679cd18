import { compactCommand, deleteCommand, infoCommand, parseRepositoryInfo } from '@cyborgbackup/borg';
import { catalogCommands } from '@cyborgbackup/contracts';
import { percentProgress } from '../../borg/progress.ts';
import { listArchives, QUIET } from '../../borg/queries.ts';
import { commandOptions, runBorgStep } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { callService } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { policyOf, repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, repositorySizesOf, type JobResult } from '../../job/job-result.ts';
import { waitForExecutor } from '../../tables/wait-for-executor.ts';
import { readLastCheck } from '../../tables/last-check.ts';
import { readSeries, seriesOf, type RecordedArchive } from '../../tables/series.ts';
import { reconcileCatalog } from '../catalog/reconcile-archives.ts';
import { decideRetention, type Keep } from './decide-retention.ts';
import { commonPrefix, matchSeries } from './match-series.ts';

/** So many names fit into any command line, and a prune that is stopped repeats little. */
const BATCH = 100;

const keepOf = ({ plan }: JobContext): Keep => {
  const { keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly } = policyOf(plan);
  return {
    hourly: keep_hourly ?? 0,
    daily: keep_daily ?? 0,
    weekly: keep_weekly ?? 0,
    monthly: keep_monthly ?? 0,
    yearly: keep_yearly ?? 0,
  };
};

/** The archives that the backups of this job's policy, client and machine have made, or meant to make. */
const recordedArchives = async ({ deps, plan }: JobContext): Promise<readonly RecordedArchive[]> => {
  const series = seriesOf(plan);
  if (!series) throw new JobFailure('This job does not say whose archives to prune.', { status: 'error' });
  await waitForExecutor(deps);
  return readSeries(deps.pool, series, repositoryOf(plan).uuid);
};

/** In a damaged repository an old archive may be the only one that can still be restored. */
const refuseDamaged = async ({ deps, plan }: JobContext): Promise<void> => {
  const { uuid, name } = repositoryOf(plan);
  const last = await readLastCheck(deps.pool, uuid);
  if (!last || last.clean) return;
  throw new JobFailure(
    `The latest check of the repository ${name} found damage, so nothing is removed: repair it and let a check succeed.`,
  );
};

const forget = async ({ deps, plan }: JobContext, archives: readonly string[]): Promise<void> => {
  for (const archive of archives) {
    const request = { repository: repositoryOf(plan).uuid, archive, reason: 'pruned' };
    await callService(deps, catalogCommands.removeArchive, request);
  }
};

const deleteAll = async (context: JobContext, endpoint: BorgEndpoint, names: readonly string[]): Promise<void> => {
  for (let from = 0; from < names.length; from += BATCH) {
    const archives = names.slice(from, from + BATCH);
    await runBorgStep(context, endpoint, {
      argv: deleteCommand({ ...commandOptions(endpoint), archives }),
      onProgress: percentProgress(context.output, 'prune'),
    });
    await forget(context, archives);
  }
};

/** Frees the space of what was removed. @returns what all archives that are left take */
const compact = async (context: JobContext, endpoint: BorgEndpoint): Promise<JobResult['repository_sizes']> => {
  await runBorgStep(context, endpoint, {
    argv: compactCommand(commandOptions(endpoint)),
    onProgress: percentProgress(context.output, 'compact'),
  });
  const { stdout } = await runBorgStep(context, endpoint, { argv: infoCommand(commandOptions(endpoint)), ...QUIET });
  return repositorySizesOf(parseRepositoryInfo(stdout).cache);
};

/**
 * Removes what the policy's retention does not keep of the archives that its own backups of this client made, then frees the
 * space. An archive that no job of ours made is never removed.
 */
export const pruneArchives = async (context: JobContext): Promise<JobResult> => {
  const { plan, output } = context;
  const recorded = await recordedArchives(context);
  await refuseDamaged(context);
  await using endpoint = await openRepositoryEndpoint(context, repositoryOf(plan));
  const prefix = commonPrefix(recorded.map(({ name }) => name)) || undefined;
  const { present, unfinished } = matchSeries(recorded, await listArchives(context, endpoint, prefix));
  const { kept, removed } = decideRetention(present, keepOf(context));
  for (const [name, why] of kept) output.write('verbose', `Keeping ${name} (${why})`);
  const gone = [...removed, ...unfinished];
  for (const name of gone) output.write('verbose', `Removing ${name}`);
  await deleteAll(context, endpoint, gone);
  await reconcileCatalog(context, endpoint);
  // Where nothing was removed nothing becomes free. What a prune left that was stopped before this point, the next one frees that
  // removes something.
  const repository_sizes = gone.length > 0 ? await compact(context, endpoint) : null;
  output.write('verbose', `${removed.length} archives removed, ${kept.size} kept`);
  return { ...EMPTY_RESULT, repository_sizes, pruned: removed };
};
