import { createListParser, listEntriesCommand } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { callCatalog } from '../catalog/call-catalog.ts';
import { toCatalogEntry } from '../catalog/catalog-entry.ts';
import type { BorgPlace } from '../connect/borg-place.ts';
import { onRepositoryHost } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { archiveOf, repositoryOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { beginListing } from '../listing/listing-session.ts';
import { reconcile } from './reconcile.ts';
import { LOCK_WAIT_SECONDS, runStep, warningsOf } from './run-step.ts';

/**
 * Lists the backup's archive on the repository's side and hands the entries to the catalog; borg waits while that works.
 * Each attempt is a listing of its own: the catalog shows one that came to its end, and nothing of any other.
 */
const listEntries = async (context: JobContext, place: BorgPlace): Promise<JobResult> => {
  const { parts, plan, output } = context;
  const archive = archiveOf(plan);
  const { master_job: backup, client, machine } = plan.job;
  if (backup === null) throw new JobFailure('This job follows no backup.', { status: 'error' });
  const repository = repositoryOf(plan);
  output.write('verbose', `Listing archive ${archive}`);
  const listing = await beginListing(callCatalog(parts.rpc), {
    listing: randomUUID(),
    job: backup,
    repository: repository.uuid,
    policy: plan.run.policy?.uuid ?? null,
    client: client?.uuid ?? null,
    machine: machine?.id ?? '',
  });
  try {
    const parser = createListParser();
    const result = await runStep(context, place, {
      argv: listEntriesCommand({ repository: place.repository, archive, lockWaitSeconds: LOCK_WAIT_SECONDS }),
      onStdout: async (chunk) => {
        for (const entry of parser.push(chunk)) await listing.add(toCatalogEntry(entry));
      },
    });
    parser.end();
    const { entries, added, removed } = await listing.end();
    output.write('verbose', `${entries} entries catalogued: ${added} new or changed, ${removed} gone or changed`);
    return { ...NOTHING_TO_TELL, warnings: warningsOf(result) };
  } catch (error) {
    // It is void in any case; this only makes room sooner.
    await listing.abandon().catch((reason: unknown) => {
      parts.logger.warn({ archive, reason: messageOf(reason) }, 'An unfinished listing is left to the next one');
    });
    throw error;
  }
};

/** A prune compares the catalog with the repository: where none follows, this is the only one to notice what went without us. */
const isLastToLook = ({ plan: { run } }: JobContext): boolean => !run.jobs.some(({ job_type }) => job_type === 'prune');

/** @throws JobFailure when borg cannot list the archive, or, after that, the repository */
export const listArchive = async (context: JobContext): Promise<JobResult> => {
  await using place = await onRepositoryHost(connectionsOf(context), repositoryOf(context.plan));
  const result = await listEntries(context, place);
  if (isLastToLook(context)) await reconcile(context, place);
  return result;
};
