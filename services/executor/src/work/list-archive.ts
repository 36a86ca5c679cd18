import { listFilesCommand, parseListLine, type ArchiveEntry } from '@cyborgbackup/borg';
import { BATCH_MAX_BYTES, BATCH_MAX_ENTRIES, catalogCommands, type CatalogEntry } from '@cyborgbackup/contracts';
import type { RpcClient } from '@cyborgbackup/messaging';
import { onRepositoryHost } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { archiveOf, repositoryOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { LOCK_WAIT_SECONDS, runStep, warningsOf } from './run-step.ts';

const toEntry = (entry: ArchiveEntry): CatalogEntry => ({
  path: entry.path,
  mode: entry.mode.slice(0, 10),
  mtime: entry.mtime,
  owner: entry.user,
  group: entry.group,
  uid: entry.uid,
  gid: entry.gid,
  type: entry.type,
  size: entry.size,
  target: entry.linkTarget,
  healthy: entry.healthy,
});

/** Sends entries in batches; the same listing always makes the same batches, so a second attempt adds nothing twice. */
const createBatches = (
  rpc: RpcClient,
  job: string,
): { add(entry: CatalogEntry): Promise<void>; end(): Promise<number> } => {
  let entries: CatalogEntry[] = [];
  let bytes = 0;
  let batches = 0;
  let total = 0;

  const send = async (): Promise<void> => {
    if (entries.length === 0) return;
    const batch = { job, batch: batches + 1, entries };
    await rpc.call(catalogCommands.addBatch.subject, batch, { schema: catalogCommands.addBatch.output });
    batches += 1;
    entries = [];
    bytes = 0;
  };

  return {
    add: async (entry) => {
      const size = Buffer.byteLength(entry.path) + Buffer.byteLength(entry.target) + 250;
      if (entries.length >= BATCH_MAX_ENTRIES || bytes + size > BATCH_MAX_BYTES) await send();
      entries.push(entry);
      bytes += size;
      total += 1;
    },
    end: async () => {
      await send();
      const end = { job, batches, entries: total };
      await rpc.call(catalogCommands.complete.subject, end, { schema: catalogCommands.complete.output });
      return total;
    },
  };
};

/** Lists the backup's archive on the repository's side and hands the entries to the catalog; borg waits while it works. */
export const listArchive = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output } = context;
  const archive = archiveOf(plan);
  if (plan.job.master_job === null) throw new JobFailure('This job follows no backup.', { status: 'error' });
  const batches = createBatches(parts.rpc, plan.job.master_job);
  await using place = await onRepositoryHost(connectionsOf(context), repositoryOf(plan));
  output.write('verbose', `Listing archive ${archive}`);
  const result = await runStep(context, place, {
    argv: listFilesCommand({ repository: place.repository, archive, lockWaitSeconds: LOCK_WAIT_SECONDS }),
    onStdoutLine: async ({ text }) => {
      const entry = parseListLine(text);
      if (entry) await batches.add(toEntry(entry));
      else if (text.trim() !== '') output.write('warning', `Not an entry of the listing: ${text.slice(0, 200)}`);
    },
  });
  const total = await batches.end();
  output.write('verbose', `${total} entries catalogued`);
  return { warnings: warningsOf(result), archive: null, repositorySizes: null, pruned: [] };
};
