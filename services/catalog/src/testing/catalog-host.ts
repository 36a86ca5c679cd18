import { jobStream, type CatalogEntry } from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { beginListing, type CatalogCall, type ListingSession } from '@cyborgbackup/executor';
import { createLogger, systemContext, type DomainEvent } from '@cyborgbackup/kernel';
import { compareProjection, readCheckpoint, type Comparison } from '@cyborgbackup/projections';
import type { RunningService, ServiceDeps } from '@cyborgbackup/service';
import { startTestDeps, type TestDeps } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { catalogProjection } from '../fold/catalog-projection.ts';
import { startCatalog } from '../start.ts';

/** Whose archives they are, when a test does not care. */
export const owner = {
  repository: '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a11',
  policy: '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a12',
  client: '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a13',
  machine: '',
};
export type Owner = Omit<typeof owner, 'policy'> & { readonly policy: string | null };

/** The catalog service with everything it needs, and what an executor and a scheduler would do. */
export interface CatalogHost extends AsyncDisposable {
  readonly deps: ServiceDeps;
  readonly call: CatalogCall;
  append(stream: string, ...events: DomainEvent[]): Promise<bigint>;
  /** Records that a backup made an archive. @returns the backup's uuid */
  backUp(
    name: string,
    facts?: { readonly borgId?: string; readonly owner?: Owner; readonly job?: string },
  ): Promise<string>;
  begin(job: string, listing?: string, of?: Owner): Promise<ListingSession>;
  /** Lists an archive from beginning to end. */
  list(job: string, entries: readonly CatalogEntry[], of?: Owner): Promise<void>;
  /** Waits until the catalog's projection is at the head of the log. */
  waitForProjection(): Promise<void>;
  /** The entries of an archive in the catalog, as JSON, sorted. */
  entriesOf(job: string): Promise<readonly string[]>;
  rows(sql: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Replays the log and compares every row. */
  replay(): Promise<Comparison>;
}

export const file = (path: string, changes: Partial<CatalogEntry> = {}): CatalogEntry => ({
  path,
  mode: '-rw-r--r--',
  mtime: 1_767_225_600_000_000,
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  type: '-',
  size: 1,
  target: '',
  healthy: true,
  ...changes,
});

const bytes = (text: unknown, raw: unknown): string =>
  typeof raw === 'string' ? `raw:${raw}` : `text:${typeof text === 'string' ? text : ''}`;

/** One line for an entry as it was sent. */
export const line = (entry: CatalogEntry): string => {
  const start = entry.path.lastIndexOf('/') + 1;
  const form = (text: string): string => {
    if (text.isWellFormed()) return `text:${text}`;
    const parts = Array.from(text, (each) => {
      const code = each.codePointAt(0) ?? 0;
      return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(each);
    });
    return `raw:${Buffer.concat(parts).toString('base64')}`;
  };
  const { mode, owner: user, group, uid, gid, type, size, healthy } = entry;
  const mtime = new Date(entry.mtime / 1_000).toISOString();
  const folder = form(entry.path.slice(0, start));
  return JSON.stringify([
    folder,
    form(entry.path.slice(start)),
    mode,
    mtime,
    user,
    group,
    uid,
    gid,
    type,
    size,
    form(entry.target),
    healthy,
  ]);
};

const ENTRIES = `
  select f.path, f.raw as folder_raw, n.name, n.raw as name_raw, x.mode, x.owner, x.group_name, x.uid, x.gid, x.type,
         e.size, e.mtime, e.target, e.target_raw,
         not exists (select from catalog.broken_entries b where b.job_uuid = a.job_uuid and b.number = e.number) as healthy
    from catalog.archives a
         join catalog.entries e on e.series_id = a.series_id and e.first_archive <= a.sequence and e.last_archive >= a.sequence
         join catalog.folders f on f.series_id = e.series_id and f.id = e.folder_id
         join catalog.entry_names n on n.id = e.name_id
         join catalog.entry_attributes x on x.id = e.attributes_id
   where a.job_uuid = $1 and a.complete and not a.removed`;

export const startCatalogHost = async (): Promise<CatalogHost> => {
  const kit: TestDeps = await startTestDeps();
  const { deps } = kit;
  const logger = createLogger('catalog', process.env['CATALOG_TEST_LOG'] === undefined ? 'silent' : 'warn');
  const service: RunningService = await startCatalog({ ...(await kit.connect('catalog')), logger });
  const call: CatalogCall = (rpc, input) =>
    deps.rpc.call(rpc.subject, input, { schema: rpc.output, deadlineMillis: 10_000 });

  const append: CatalogHost['append'] = async (stream, ...events) => {
    const context = systemContext('test');
    const encoded = await Promise.all(
      events.map((event, index) => deps.codec.encode(event, { id: eventId(randomUUID(), stream, index), context })),
    );
    return (await deps.store.append(stream, encoded, 'any')).position;
  };
  const rows: CatalogHost['rows'] = async (sql, values = []) =>
    (await deps.pool.query<Record<string, unknown>>(sql, [...values])).rows;
  const waitForProjection = async (): Promise<void> => {
    const head = await deps.store.head();
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      const checkpoint = await readCheckpoint(deps.pool, catalogProjection.name);
      if (checkpoint && checkpoint.position >= head) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('The catalog projection does not follow');
  };
  const begin: CatalogHost['begin'] = (job, listing = randomUUID(), of = owner) =>
    beginListing(call, { listing, job, ...of });

  return {
    deps,
    call,
    append,
    backUp: async (name, { borgId = randomUUID(), owner: of = owner, job = randomUUID() } = {}) => {
      const sizes = { original_size: 3, compressed_size: 2, deduplicated_size: 1, files: 1 };
      const archive = {
        name,
        borg_id: borgId,
        started_at: '2026-01-01T00:00:00Z',
        finished_at: '2026-01-01T00:00:01Z',
        duration: 1,
        ...sizes,
      };
      const { repository, client } = of;
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
      await append(jobStream(job), { type: 'job-succeeded', data });
      return job;
    },
    begin,
    list: async (job, entries, of) => {
      const listing = await begin(job, randomUUID(), of);
      for (const entry of entries) await listing.add(entry);
      await listing.end();
    },
    waitForProjection,
    entriesOf: async (job) =>
      (await rows(ENTRIES, [job]))
        .map((row) =>
          JSON.stringify([
            bytes(row['path'], row['folder_raw']),
            bytes(row['name'], row['name_raw']),
            row['mode'],
            (row['mtime'] as Date).toISOString(),
            row['owner'],
            row['group_name'],
            Number(row['uid']),
            Number(row['gid']),
            row['type'],
            Number(row['size']),
            bytes(row['target'] ?? '', row['target_raw']),
            row['healthy'],
          ]),
        )
        .sort(),
    rows,
    replay: async () => {
      await waitForProjection();
      const signal = new AbortController().signal;
      return compareProjection({ ...deps, projection: catalogProjection, owner: randomUUID(), signal });
    },
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      await kit[Symbol.asyncDispose]();
    },
  };
};
