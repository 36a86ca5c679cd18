import { jobStream, type CatalogEntry } from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { beginListing } from '@cyborgbackup/executor';
import { systemContext } from '@cyborgbackup/kernel';
import { randomBytes, randomUUID } from 'node:crypto';
import type { BenchSite } from './bench-site.ts';

/** Whose archives follow each other. */
export interface Owner {
  readonly repository: string;
  readonly policy: string;
  readonly client: string;
  readonly machine: string;
}

export const newOwner = (): Owner => ({
  repository: randomUUID(),
  policy: randomUUID(),
  client: randomUUID(),
  machine: '',
});

/** Records that a backup made an archive. @returns the backup's uuid */
const backUp = async ({ deps }: BenchSite, { repository, client }: Owner): Promise<string> => {
  const job = randomUUID();
  const stream = jobStream(job);
  const sizes = { files: 1, original_size: 1, compressed_size: 1, deduplicated_size: 1 };
  const times = { started_at: '2026-01-01T00:00:00Z', finished_at: '2026-01-01T00:00:01Z', duration: 1 };
  const archive = { name: job, borg_id: randomBytes(32).toString('hex'), ...times, ...sizes };
  const data = {
    job,
    attempt: 1,
    warnings: [],
    repository,
    client,
    archive,
    repository_sizes: null,
    pruned: [],
    machines: [],
    restored: null,
    drill: null,
    check: null,
  };
  const options = { id: eventId(job, stream, 0), context: systemContext('bench') };
  await deps.store.append(stream, [await deps.codec.encode({ type: 'job-succeeded', data }, options)], 'none');
  return job;
};

/** Entries a second until the catalog has taken all of them, and until it shows them. */
export interface IngestRates {
  readonly accepted: number;
  readonly visible: number;
}

/** Hands over an archive's entries. */
export type Feed = (take: (entry: CatalogEntry) => Promise<void>) => Promise<void>;

export const feedAll =
  (entries: Iterable<CatalogEntry>): Feed =>
  async (take) => {
    for (const entry of entries) await take(entry);
  };

/** Lists an archive as an executor does. */
export const listArchive = async (site: BenchSite, owner: Owner, feed: Feed): Promise<IngestRates> => {
  const job = await backUp(site, owner);
  await site.waitForProjection();
  const startedAt = performance.now();
  const listing = await beginListing(site.call, { listing: randomUUID(), job, ...owner });
  await feed(listing.add);
  const { entries: count } = await listing.end();
  const rate = (): number => Math.round((count / (performance.now() - startedAt)) * 1_000);
  const accepted = rate();
  await site.waitForProjection();
  return { accepted, visible: rate() };
};
