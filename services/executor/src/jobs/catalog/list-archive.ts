import { createLastOnly, type BorgResult } from '@cyborgbackup/borg';
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
import { beginListing, type ListingSession } from './listing/listing-session.ts';
import { reconcileCatalog } from './reconcile-archives.ts';

/** What is wrong with an archive, in a sentence; null when nothing is. */
const describeUnsafe = (count: number, first: string): string | null => {
  if (count === 0) return null;
  const others = count > 1 ? `, and ${count - 1} more of its entries are not safe either` : '';
  return `${first}${others}.`;
};

/** Sends the archive's entries that are safe, and of those with one path the last. */
const sendEntries = async (
  context: JobContext,
  { endpoint, archive }: { readonly endpoint: BorgEndpoint; readonly archive: string },
  listing: ListingSession,
  repeatedBefore: ReadonlyMap<string, number> = new Map(),
): Promise<{
  readonly result: BorgResult;
  readonly repeated: ReadonlyMap<string, number>;
  readonly unsafe: string | null;
}> => {
  const isLast = createLastOnly(repeatedBefore);
  let unsafe = 0;
  let first = '';
  const listed = await listEntries(context, endpoint, { archive }, async (entry) => {
    if (entry.unsafe !== '') {
      first ||= entry.unsafe;
      unsafe += 1;
    } else if (isLast(entry.path)) await listing.add(toCatalogEntry(entry));
  });
  return { ...listed, unsafe: describeUnsafe(unsafe, first) };
};

/** @throws JobFailure for a job that follows no backup */
const beginListingOf = ({ deps, plan }: JobContext): Promise<ListingSession> => {
  const { master_job: backup, client, machine } = plan.job;
  if (backup === null) throw new JobFailure('This job follows no backup.', { status: 'error' });
  const call: CatalogCall = (rpc, input) => callService(deps, rpc, input, CATALOG_DEADLINE);
  return beginListing(call, {
    listing: randomUUID(),
    job: backup,
    repository: repositoryOf(plan).uuid,
    policy: plan.run.policy?.uuid ?? null,
    client: client?.uuid ?? null,
    machine: machine?.id ?? '',
  });
};

/**
 * Lists the backup's archive on the repository's side and sends the entries to the catalog; borg waits while the catalog works.
 * Each attempt is a listing of its own: the catalog shows only a complete listing. An archive in which paths come more than once
 * (of folders that were named twice, say) is listed again, since it is only then known which of the entries count.
 */
const catalogArchive = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  repeatedBefore?: ReadonlyMap<string, number>,
): Promise<JobResult> => {
  const { deps, plan, output } = context;
  const archive = archiveOf(plan);
  output.write('verbose', `Listing archive ${archive}`);
  const listing = await beginListingOf(context);
  try {
    const { result, repeated, unsafe } = await sendEntries(context, { endpoint, archive }, listing, repeatedBefore);
    if (repeated.size > 0 && repeatedBefore === undefined) {
      const [example = ''] = repeated.keys();
      const text = `${repeated.size} paths come more than once, such as ${example.toWellFormed()}; the last one counts`;
      output.write('system_warning', text);
      await listing.abandon();
      return await catalogArchive(context, endpoint, new Map(repeated));
    }
    const { entries, added, removed } = await listing.end(unsafe);
    output.write('verbose', `${entries} entries catalogued: ${added} new or changed, ${removed} gone or changed`);
    if (unsafe !== null) output.write('system_warning', `The archive is not safe to extract: ${unsafe}`);
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
