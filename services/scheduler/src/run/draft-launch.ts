import { draftChecks, draftClientJob, type DraftContext, type DraftJob, type ResolvedClient } from './draft-jobs.ts';

const KEEPS = ['keep_hourly', 'keep_daily', 'keep_weekly', 'keep_monthly', 'keep_yearly'] as const;

/** A policy that says nothing about what to keep keeps everything. */
const isPruned = ({ resolved: { policy, auto_prune } }: DraftContext): boolean =>
  auto_prune && KEEPS.some((keep) => (policy[keep] ?? 0) > 0);

/**
 * The jobs of one client, in the order in which they run:
 * `[Prepare Repository] [Prepare Client] -> Backup [-> Catalog] [-> Prune]`
 */
const draftChain = (context: DraftContext, client: ResolvedClient): readonly DraftJob[] => {
  const checks = draftChecks(context, client);
  const backup = draftClientJob(context, 'job', client, checks);
  const followers: DraftJob[] = [];
  const follow = (jobType: 'catalog' | 'prune'): void => {
    const job = draftClientJob(context, jobType, client, [followers.at(-1) ?? backup]);
    followers.push({ ...job, master_job: backup.uuid });
  };
  if (context.resolved.catalog_enabled) follow('catalog');
  if (isPruned(context)) follow('prune');
  return [...checks, backup, ...followers];
};

/** The jobs of a whole run; the check of the repository, which all clients share, comes first and once. */
export const draftLaunch = (context: DraftContext): readonly DraftJob[] => {
  const clients = context.resolved.clients.filter(({ enabled }) => enabled);
  const jobs = clients.flatMap((client) => draftChain(context, client));
  return [...new Map(jobs.map((job) => [job.uuid, job])).values()];
};
