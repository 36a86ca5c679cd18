import { createListParser, listEntriesCommand } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { commandOptions, runBorgStep, warningsOf } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { connectionsOf } from '../../endpoints/connection-options.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf, repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { callCatalog } from './call-catalog.ts';
import { toCatalogEntry } from './catalog-entry.ts';
import { beginListing } from './listing/listing-session.ts';
import { reconcileCatalog } from './reconcile-archives.ts';

/**
 * Lists the backup's archive on the repository's side and sends the entries to the catalog; borg waits while the catalog works.
 * Each attempt is a listing of its own: the catalog shows only a complete listing.
 */
const listEntries = async (context: JobContext, endpoint: BorgEndpoint): Promise<JobResult> => {
  const { deps, plan, output } = context;
  const archive = archiveOf(plan);
  const { master_job: backup, client, machine } = plan.job;
  if (backup === null) throw new JobFailure('This job follows no backup.', { status: 'error' });
  const repository = repositoryOf(plan);
  output.write('verbose', `Listing archive ${archive}`);
  const listing = await beginListing(callCatalog(deps.rpc), {
    listing: randomUUID(),
    job: backup,
    repository: repository.uuid,
    policy: plan.run.policy?.uuid ?? null,
    client: client?.uuid ?? null,
    machine: machine?.id ?? '',
  });
  try {
    const parser = createListParser();
    const result = await runBorgStep(context, endpoint, {
      argv: listEntriesCommand({ ...commandOptions(endpoint), archive }),
      onStdout: async (chunk) => {
        for (const entry of parser.push(chunk)) await listing.add(toCatalogEntry(entry));
      },
    });
    parser.end();
    const { entries, added, removed } = await listing.end();
    output.write('verbose', `${entries} entries catalogued: ${added} new or changed, ${removed} gone or changed`);
    return { ...EMPTY_RESULT, warnings: warningsOf(result) };
  } catch (error) {
    // Without its end the listing is not shown; this only frees its space sooner.
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
  await using endpoint = await openRepositoryEndpoint(connectionsOf(context), repositoryOf(context.plan));
  const result = await listEntries(context, endpoint);
  if (hasNoPrune(context)) await reconcileCatalog(context, endpoint);
  return result;
};
