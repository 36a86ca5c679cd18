/**
 * The catalog with generated listings: how fast a first archive and an unchanged one come in (through the service's own RPC, in
 * a process of its own, until the archive can be read), what an entry takes in the log and in the tables, and how long searches
 * and folders take with many entry versions. `CATALOG_BENCH_SCALE=0.1` for a tenth of all numbers.
 */
import { startPostgres } from '@cyborgbackup/embedded';
import { beginListing, jobStream, type CatalogCall, type CatalogEntry } from '@cyborgbackup/contracts';
import { eventId } from '@cyborgbackup/event-store';
import { createLogger, systemContext } from '@cyborgbackup/kernel';
import { createServiceParts, type ServiceParts } from '@cyborgbackup/service';
import { startTestNats } from '@cyborgbackup/testkit';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Figures } from './budget.ts';
import { generateListing } from './catalog/generate-listing.ts';

const SCALE = Number(process.env['CATALOG_BENCH_SCALE'] ?? 1);
const ENTRIES = Math.round(1_000_000 * SCALE);

export const run = async (): Promise<Figures> => {
  const logger = createLogger('bench', 'warn');
  const dataDir = await mkdtemp(join(tmpdir(), 'cyborgbackup-bench-'));
  const server = await startPostgres({ dataDir, logger });
  await using nats = await startTestNats();
  const admin = new pg.Pool({ connectionString: server.url });
  admin.on('error', () => undefined);
  const masterKey = randomBytes(32).toString('base64');
  const env = {
    DATABASE_URL: server.url,
    NATS_URL: nats.url,
    CYBORGBACKUP_MASTER_KEY: masterKey,
    CYBORGBACKUP_DATA_DIR: dataDir,
    CYBORGBACKUP_LOG_LEVEL: 'warn' as const,
  };
  const parts = await createServiceParts('bench', env, logger);
  const child = spawn(process.execPath, ['services/catalog/dist/main.js'], {
    env: { ...process.env, ...env, CYBORGBACKUP_HEALTH_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const figures: Record<string, number> = {};
  try {
    const call: CatalogCall = (rpc, input) =>
      parts.rpc.call(rpc.subject, input, { schema: rpc.output, deadlineMillis: 120_000 });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const owner = { repository: randomUUID(), policy: randomUUID(), client: randomUUID(), machine: '' };
    const ingest = async (name: string, entries: Iterable<CatalogEntry>): Promise<number> => {
      const job = await backUp(parts, name, owner);
      const startedAt = performance.now();
      const listing = await beginListing(call, { attempt: randomUUID(), job, ...owner });
      let count = 0;
      for (const entry of entries) {
        count += 1;
        await listing.add(entry);
      }
      const sent = performance.now();
      await listing.end();
      const accepted = performance.now();
      await settled(admin, parts);
      const seen = performance.now();
      console.error(name, count, 'sent', Math.round(count / (sent - startedAt) * 1000), 'accepted', Math.round(count / (accepted - startedAt) * 1000), 'visible', Math.round(count / (seen - startedAt) * 1000), Math.round(process.memoryUsage().rss / 1e6));
      return Math.round((count / (seen - startedAt)) * 1_000);
    };
    const t = performance.now();
    for (const _ of generateListing({ entries: ENTRIES, seed: 1 }));
    console.error('generator alone', Math.round(ENTRIES / (performance.now() - t) * 1000));
    figures['firstEntriesPerSecond'] = await ingest('first', generateListing({ entries: ENTRIES, seed: 1 }));
    console.error(await sizes(admin));
    figures['repeatEntriesPerSecond'] = await ingest('repeat', generateListing({ entries: ENTRIES, seed: 1 }));
    figures['changedEntriesPerSecond'] = await ingest('changed', generateListing({ entries: ENTRIES, seed: 1, changed: 0.01, round: 1 }));
    console.error(await sizes(admin));
  } finally {
    child.kill('SIGTERM');
    await parts.close();
    await admin.end();
    await server.stop();
    await rm(dataDir, { recursive: true });
  }
  return figures;
};

const backUp = async (parts: ServiceParts, name: string, owner: { repository: string; client: string }): Promise<string> => {
  const job = randomUUID();
  const archive = {
    name,
    borg_id: randomBytes(32).toString('hex'),
    started_at: '2026-01-01T00:00:00Z',
    finished_at: '2026-01-01T00:00:01Z',
    duration: 1,
    files: 1,
    original_size: 1,
    compressed_size: 1,
    deduplicated_size: 1,
  };
  const data = { job, attempt: 1, warnings: [], repository: owner.repository, client: owner.client, archive, repository_sizes: null, pruned: [] };
  const event = await parts.codec.encode({ type: 'job-succeeded', data }, { id: eventId(job, 'x', 0), context: systemContext('bench') });
  await parts.store.append(jobStream(job), [event], 'none');
  return job;
};

const settled = async (admin: pg.Pool, parts: ServiceParts): Promise<void> => {
  const head = await parts.store.head();
  for (;;) {
    const { rows } = await admin.query<{ position: string }>(`select position from projections.checkpoints where name = 'catalog'`);
    if (BigInt(rows[0]?.position ?? 0) >= head) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const sizes = async (admin: pg.Pool): Promise<string> => {
  const { rows } = await admin.query<{ t: string; s: string }>(
    `select schemaname || '.' || relname as t, pg_size_pretty(pg_total_relation_size(relid)) || ' / ' || pg_size_pretty(pg_relation_size(relid)) || ' ' || n_live_tup as s from pg_stat_user_tables
      where schemaname = 'catalog' or relname = 'events' order by pg_total_relation_size(relid) desc limit 8`,
  );
  const ix = await admin.query<{ t: string; s: string }>(
    `select indexrelname as t, pg_size_pretty(pg_relation_size(indexrelid)) as s from pg_stat_user_indexes where schemaname = 'catalog' order by pg_relation_size(indexrelid) desc limit 10`,
  );
  return JSON.stringify(Object.fromEntries([...rows, ...ix.rows].map(({ t, s }) => [t, s])), null, 1);
};
