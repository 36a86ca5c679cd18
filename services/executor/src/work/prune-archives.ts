import {
  archiveGlob,
  compactCommand,
  infoCommand,
  parsePruneMessage,
  parseRepositoryInfo,
  pruneCommand,
} from '@cyborgbackup/borg';
import { catalogCommands } from '@cyborgbackup/contracts';
import { onRepositoryHost } from '../connect/connections.ts';
import { clientOf, policyOf, repositoryOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { sizesOf } from './archive-facts.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { LOCK_WAIT_SECONDS, runStep, warningsOf } from './run-step.ts';

/** Any archive name's time; see `archiveGlob`. A counter may follow it when a minute had several archives. */
const SAMPLE_STAMP = '2000-01-01_00-00';

/** Which archives are this client's of this type: a host `web` never matches `web-01`. */
export const ownArchives = (policyType: string, hostname: string): string =>
  `${archiveGlob(`${policyType}-${hostname}-`, SAMPLE_STAMP)}*`;

/** Removes what the policy's retention does not keep, then frees the space. */
export const pruneArchives = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output } = context;
  const policy = policyOf(plan);
  const repository = repositoryOf(plan);
  await using place = await onRepositoryHost(connectionsOf(context), repository);
  const common = { repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS };
  const pruned: string[] = [];
  const result = await runStep(context, place, {
    argv: pruneCommand({
      ...common,
      archives: ownArchives(policy.policy_type, clientOf(plan).hostname),
      keep: {
        hourly: policy.keep_hourly ?? 0,
        daily: policy.keep_daily ?? 0,
        weekly: policy.keep_weekly ?? 0,
        monthly: policy.keep_monthly ?? 0,
        yearly: policy.keep_yearly ?? 0,
      },
    }),
    onLog: (message) => {
      output.write(message.level === 'warning' ? 'warning' : 'verbose', message.message);
      const decision = parsePruneMessage(message);
      if (decision?.verdict === 'pruned') pruned.push(decision.archive);
    },
  });
  await runStep(context, place, { argv: compactCommand(common) });
  const info = await runStep(context, place, { argv: infoCommand(common), onLog: () => undefined });
  const { forget } = catalogCommands;
  for (const archive of pruned) {
    const request = { repository: repository.uuid, archive, reason: 'pruned' };
    await parts.rpc.call(forget.subject, request, { schema: forget.output });
  }
  output.write('verbose', `${pruned.length} archives removed`);
  return {
    warnings: warningsOf(result),
    archive: null,
    repositorySizes: sizesOf(parseRepositoryInfo(info.stdout).cache),
    pruned,
  };
};
