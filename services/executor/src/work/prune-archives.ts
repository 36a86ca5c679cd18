import {
  compactCommand,
  deleteCommand,
  infoCommand,
  listArchivesCommand,
  parseArchiveList,
  parseRepositoryInfo,
} from '@cyborgbackup/borg';
import { catalogCommands } from '@cyborgbackup/contracts';
import type { BorgPlace } from '../connect/borg-place.ts';
import { onRepositoryHost } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { policyOf, repositoryOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { caughtUp } from '../read/caught-up.ts';
import { readLastCheck } from '../read/last-check.ts';
import { readSeries, seriesOf, type RecordedArchive } from '../read/series.ts';
import { decideRetention, type Keep } from '../retention/decide-retention.ts';
import { commonPrefix, matchSeries } from '../retention/match-series.ts';
import { sizesOf } from './archive-facts.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { percentProgress } from './percent-progress.ts';
import { reconcile } from './reconcile.ts';
import { LOCK_WAIT_SECONDS, runStep } from './run-step.ts';

/** So many names fit into any command line, and a prune that is stopped has lost little. */
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
const recordedArchives = async ({ parts, plan }: JobContext): Promise<readonly RecordedArchive[]> => {
  const series = seriesOf(plan);
  if (!series) throw new JobFailure('This job does not say whose archives to prune.', { status: 'error' });
  await caughtUp(parts);
  return readSeries(parts.pool, series, repositoryOf(plan).uuid);
};

/** While something is damaged, and nobody knows what, an old archive may be the one that can still be restored. */
const refuseDamaged = async ({ parts, plan }: JobContext): Promise<void> => {
  const { uuid, name } = repositoryOf(plan);
  const last = await readLastCheck(parts.pool, uuid);
  if (!last || last.clean) return;
  throw new JobFailure(
    `The latest check of the repository ${name} found damage, so nothing is removed: repair it and let a check succeed.`,
  );
};

const forget = async ({ parts, plan }: JobContext, archives: readonly string[]): Promise<void> => {
  const { subject, output } = catalogCommands.removeArchive;
  for (const archive of archives) {
    const request = { repository: repositoryOf(plan).uuid, archive, reason: 'pruned' };
    await parts.rpc.call(subject, request, { schema: output });
  }
};

const common = (place: BorgPlace): { repository: string; lockWaitSeconds: number } => ({
  repository: place.repository,
  lockWaitSeconds: LOCK_WAIT_SECONDS,
});

const deleteAll = async (context: JobContext, place: BorgPlace, names: readonly string[]): Promise<void> => {
  for (let from = 0; from < names.length; from += BATCH) {
    const archives = names.slice(from, from + BATCH);
    await runStep(context, place, {
      argv: deleteCommand({ ...common(place), archives }),
      onProgress: percentProgress(context.output, 'prune'),
    });
    await forget(context, archives);
  }
};

/**
 * Removes what the policy's retention does not keep of the archives that its own backups of this client made, then frees the
 * space. What nobody of ours made is left alone, whatever it is called.
 */
export const pruneArchives = async (context: JobContext): Promise<JobResult> => {
  const { plan, output } = context;
  const recorded = await recordedArchives(context);
  await refuseDamaged(context);
  await using place = await onRepositoryHost(connectionsOf(context), repositoryOf(plan));
  const prefix = commonPrefix(recorded.map(({ name }) => name)) || undefined;
  const listing = await runStep(context, place, {
    argv: listArchivesCommand({ ...common(place), prefix, considerCheckpoints: true }),
    onLog: () => undefined,
  });
  const { present, unfinished } = matchSeries(recorded, parseArchiveList(listing.stdout).archives);
  const { kept, removed } = decideRetention(present, keepOf(context));
  for (const [name, why] of kept) output.write('verbose', `Keeping ${name} (${why})`);
  for (const name of [...removed, ...unfinished]) output.write('verbose', `Removing ${name}`);
  await deleteAll(context, place, [...removed, ...unfinished]);
  await reconcile(context, place);
  await runStep(context, place, {
    argv: compactCommand(common(place)),
    onProgress: percentProgress(output, 'compact'),
  });
  const info = await runStep(context, place, { argv: infoCommand(common(place)), onLog: () => undefined });
  output.write('verbose', `${removed.length} archives removed, ${kept.size} kept`);
  return {
    warnings: [],
    archive: null,
    repositorySizes: sizesOf(parseRepositoryInfo(info.stdout).cache),
    pruned: removed,
  };
};
