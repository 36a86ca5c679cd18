import { messageOf } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { listEntries } from '../../borg/queries.ts';
import { warningsOf } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { callService, CATALOG_DEADLINE } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf, repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { toCatalogEntry } from './catalog-entry.ts';
import type { CatalogCall } from './listing/entry-recorder.ts';
import { beginListing } from './listing/listing-session.ts';
import { reconcileCatalog } from './reconcile-archives.ts';

/**
 * Lists the backup's archive on the repository's side and sends the entries to the catalog; borg waits while the catalog works.
 * Each attempt is a listing of its own: the catalog shows only a complete listing.
 */
const catalogArchive = async (context: JobContext, endpoint: BorgEndpoint): Promise<JobResult> => {
  const { deps, plan, output } = context;
  const archive = archiveOf(plan);
  const { master_job: backup, client, machine } = plan.job;
  if (backup === null) throw new JobFailure('This job follows no backup.', { status: 'error' });
  const repository = repositoryOf(plan);
  output.write('verbose', `Listing archive ${archive}`);
  const call: CatalogCall = (rpc, input) => callService(deps, rpc, input, CATALOG_DEADLINE);
  const listing = await beginListing(call, {
    listing: randomUUID(),
    job: backup,
    repository: repository.uuid,
    policy: plan.run.policy?.uuid ?? null,
    client: client?.uuid ?? null,
    machine: machine?.id ?? '',
  });
  try {
    const result = await listEntries(context, endpoint, { archive }, (entry) => listing.add(toCatalogEntry(entry)));
    const { entries, added, removed } = await listing.end();
    output.write('verbose', `${entries} entries catalogued: ${added} new or changed, ${removed} gone or changed`);
    return { ...EMPTY_RESULT, warnings: warningsOf(result) };
  } catch (error) {
    // Without its end the listing is not visible; this only frees its space sooner.
    await listing.abandon().catch((reason: unknown) => {
      deps.logger.warn({ archive, reason: messageOf(reason) }, 'An unfinished listing is left to the next one');
    });
    throw error;
  }
};

/** A prune reconciles the catalog with the repository; in a run without one, this job is the only one to do so. */
const hasNoPrune = ({ plan: { run } }: JobContext): boolean => !run.jobs.some(({ job_type }) => job_type === 'prune');

/** @throws JobFailure when borg cannot list the archive, or, after that, the repository */
export const listArchive = async (context: JobContext): Promise<JobResult> => {
  await using endpoint = await openRepositoryEndpoint(context, repositoryOf(context.plan));
  const result = await catalogArchive(context, endpoint);
  if (hasNoPrune(context)) await reconcileCatalog(context, endpoint);
  return result;
};
