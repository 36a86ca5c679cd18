import { listNames } from '@cyborgbackup/kernel';
import { reconcileArchives } from '../catalog/reconcile-archives.ts';
import type { BorgPlace } from '../connect/borg-place.ts';
import { repositoryOf } from '../job/job-plan.ts';
import { preparedIds } from '../prepare/known-repository.ts';
import type { JobContext } from './job-context.ts';
import { LOCK_WAIT_SECONDS } from './run-step.ts';

const MAX_LISTED_ARCHIVES = 20;

/**
 * Holds the catalog against the repository, and says what differed. The job must have the repository for itself.
 * @throws JobFailure when borg cannot list its archives, or it is another repository than was prepared
 */
export const reconcile = async (context: JobContext, place: BorgPlace): Promise<void> => {
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
  if (vanished.length > 0)
    output.write('system_warning', `Gone from the repository without us: ${listNames(vanished, MAX_LISTED_ARCHIVES)}`);
  if (foundAgain.length > 0) {
    output.write(
      'system_warning',
      `In the repository after all: ${listNames(foundAgain, MAX_LISTED_ARCHIVES)}. Relaunch their catalog jobs.`,
    );
  }
  if (unknown.length > 0)
    output.write('system_warning', `In the repository, but made by no job: ${listNames(unknown, MAX_LISTED_ARCHIVES)}`);
};
