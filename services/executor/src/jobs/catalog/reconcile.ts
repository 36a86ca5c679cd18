import { reconcileArchives } from './reconcile-archives.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { preparedIds } from '../prepare/known-repository.ts';
import type { JobContext } from '../../job/job-context.ts';
import { LOCK_WAIT_SECONDS } from '../../borg/run-step.ts';

const MOST_NAMED = 20;

const some = (names: readonly string[]): string =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ');

/**
 * Holds the catalog against the repository, and says what differed. The job must have the repository for itself.
 * @throws JobFailure when borg cannot list its archives, or it is another repository than was prepared
 */
export const reconcile = async (context: JobContext, place: BorgEndpoint): Promise<void> => {
  const { parts, plan, output, signal } = context;
  const { uuid } = repositoryOf(plan);
  const { vanished, foundAgain, unknown } = await reconcileArchives({
    parts,
    place,
    repository: uuid,
    borgId: (await preparedIds(parts, uuid)).at(-1),
    lockWaitSeconds: LOCK_WAIT_SECONDS,
    signal,
  });
  if (vanished.length > 0) output.write('system_warning', `Gone from the repository without us: ${some(vanished)}`);
  if (foundAgain.length > 0) {
    output.write('system_warning', `In the repository after all: ${some(foundAgain)}. Relaunch their catalog jobs.`);
  }
  if (unknown.length > 0) output.write('system_warning', `In the repository, but made by no job: ${some(unknown)}`);
};
