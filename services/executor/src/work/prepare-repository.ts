import { explainFailure, infoCommand, initCommand, parseRepositoryInfo, type RepositoryInfo } from '@cyborgbackup/borg';
import { repositoryCommands } from '@cyborgbackup/contracts';
import { onRepositoryHost, type BorgPlace } from '../connect/connections.ts';
import { repositoryOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { sizesOf } from './archive-facts.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { failureOf, LOCK_WAIT_SECONDS, runStep, tryStep } from './run-step.ts';

const ENCRYPTION = 'repokey-blake2';

const readInfo = async (context: JobContext, place: BorgPlace): Promise<RepositoryInfo | undefined> => {
  const argv = infoCommand({ repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS });
  const result = await tryStep(context, place, { argv, onLog: () => undefined });
  if (result.outcome === 'success' || result.outcome === 'warning') return parseRepositoryInfo(result.stdout);
  if (explainFailure(result).kind === 'no-repository') return undefined;
  throw failureOf(result, place.runner.where);
};

/**
 * Makes sure there is a repository that our passphrase opens: an existing one is adopted as it is, also when somebody else
 * made it; where there is none, one is initialised.
 */
export const prepareRepository = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output } = context;
  const { uuid, name } = repositoryOf(plan);
  output.write('verbose', `Opening repository ${name}`);
  await using place = await onRepositoryHost(connectionsOf(context), repositoryOf(plan));
  const existing = await readInfo(context, place);
  if (!existing) {
    output.write('verbose', `There is no repository yet: initialising one with ${ENCRYPTION}`);
    const argv = initCommand({ repository: place.repository, encryption: ENCRYPTION, makeParentDirs: true });
    await runStep(context, place, { argv });
  }
  const info = existing ?? (await readInfo(context, place));
  if (!info) throw new Error('The repository vanished right after it was initialised');
  output.write('verbose', `The repository is ready (${info.encryption})`);
  const { prepared } = repositoryCommands;
  const report = {
    uuid,
    ready: true,
    borg_id: info.repository.id,
    encryption: info.encryption,
    initialised: existing === undefined,
  };
  await parts.rpc.call(prepared.subject, report, { schema: prepared.output });
  return { warnings: [], archive: null, repositorySizes: sizesOf(info.cache), pruned: [] };
};
