import { archiveChecked, archiveRemoved, archiveVanished, jobSucceeded } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { removeBroken, replaceFindings } from './broken-entries.ts';
import { findFormerListing, garbageCollect } from './garbage-collect.ts';
import { typedStep } from './listing-step.ts';

/** Removes an archive's entries. The read model of archives has marked it as removed already. */
const removeArchive = async (target: StepTarget, { job }: { readonly job: string }): Promise<void> => {
  await removeBroken(target, job);
  const former = await findFormerListing(target, job);
  if (former) await garbageCollect(target, former);
};

/** Records what a check found in one archive. */
const checkArchive = typedStep(archiveChecked, async (target, { job, archive_healthy, broken_paths, checked_at }) => {
  const { client, schema } = target;
  await replaceFindings(target, job, broken_paths);
  await client.query(
    `update ${schema}.archives
        set damaged = $2, checked_at = $3,
            healthy = not $2 and not exists (select from ${schema}.broken_entries b where b.job_uuid = $1 and found_by = 'listing')
      where job_uuid = $1`,
    [job, !archive_healthy, checked_at],
  );
});

/**
 * A check that ended without findings has checked all archives of its repository that were known when it began. What a check
 * finds is recorded archive by archive (`archive-checked`).
 */
const checkRepository = typedStep(jobSucceeded, async ({ client, schema }, { check, repository }, occurredAt) => {
  if (repository === null || check === null) return;
  await client.query(
    `update ${schema}.archives set checked_at = $3
      where repository_uuid = $1 and not removed and position <= $2::bigint`,
    [repository, check.known_until, occurredAt],
  );
});

/** What happens to archives, beside what the read model of archives folds. */
export const archiveSteps = {
  [archiveRemoved.type]: typedStep(archiveRemoved, removeArchive),
  [archiveVanished.type]: typedStep(archiveVanished, removeArchive),
  [archiveChecked.type]: checkArchive,
  [jobSucceeded.type]: checkRepository,
};
