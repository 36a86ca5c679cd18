import { extractCommand, runStreamingScript, type ArchiveEntry, type TextLine } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import { hasCode, humanBytes, messageOf } from '@cyborgbackup/kernel';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { BorgPlace } from '../connect/borg-place.ts';
import { openClient, type ClientSide } from '../connect/client-side.ts';
import { onRepositoryHost } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { archiveOf, clientOf, repositoryOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { connectionsOf, type JobContext } from '../work/job-context.ts';
import { openVariables } from '../work/open-variables.ts';
import { LOCK_WAIT_SECONDS, runStep } from '../work/run-step.ts';
import { createSelectedEntries } from './selected-entries.ts';
import { sqlClientOf, type SqlClient } from './sql-client.ts';

/** @throws JobFailure when it is not known how to log in */
const clientFor = async (context: JobContext): Promise<SqlClient> => {
  const { policy } = context.plan.run;
  if (!policy) {
    throw new JobFailure(
      'The policy that made this dump is gone, and with it how to log in: restore the dump as a file.',
    );
  }
  const variables = await openVariables(context);
  try {
    const client = sqlClientOf(policy.policy_type, variables, clientOf(context.plan).id);
    if (client) return client;
  } catch (error) {
    if (!hasCode(error, 'validation')) throw error;
    throw new JobFailure(`The policy's extra_vars cannot be used: ${messageOf(error)} Correct them.`);
  }
  throw new JobFailure(`Archives of policies of the type ${policy.policy_type} are no dumps: restore them as files.`);
};

/** A dump is the only file of its archive. @throws JobFailure for an archive with another one */
const findDump = async (context: JobContext, place: BorgPlace): Promise<ArchiveEntry> => {
  const found: ArchiveEntry[] = [];
  await createSelectedEntries(context, place, { paths: [], patterns: [] }).each((entries) => {
    found.push(...entries.slice(0, 2));
    return Promise.resolve();
  });
  const [dump, other] = found;
  if (dump && !other && dump.type === '-') return dump;
  throw new JobFailure(`The archive ${archiveOf(context.plan)} is no dump of a database: restore it as files.`);
};

const extract = (context: JobContext, place: BorgPlace, dump: ArchiveEntry): Parameters<typeof extractCommand>[0] => ({
  repository: place.repository,
  archive: archiveOf(context.plan),
  paths: [dump.path],
  lockWaitSeconds: LOCK_WAIT_SECONDS,
});

/** Reads all of the dump without a use for it: a dump that is damaged must not be found out half-way through. */
const readOnce = async (context: JobContext, place: BorgPlace, dump: ArchiveEntry): Promise<void> => {
  context.output.write(
    'verbose',
    `Reading ${dump.path} (${humanBytes(dump.size)}) once before any database is touched`,
  );
  await runStep(context, place, { argv: extractCommand({ ...extract(context, place, dump), dryRun: true }) });
};

const KEPT_LINES = 1_000;

/** What the client says on its standard error, the first thousand lines of it. */
const createComplaints = (
  context: JobContext,
): { readonly hear: (chunk: Buffer) => void; readonly lines: () => readonly string[] } => {
  const kept: string[] = [];
  let rest = '';
  const take = (line: TextLine['text']): void => {
    if (line === '' || kept.length >= KEPT_LINES) return;
    // Clean before anything is quoted of it in part: half a password would not be found any more.
    kept.push(context.output.clean(line));
    context.output.write('warning', line);
  };
  return {
    hear: (chunk) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = (lines.pop() ?? '').slice(0, 10_000);
      lines.forEach(take);
    },
    lines: () => {
      take(rest);
      rest = '';
      return kept;
    },
  };
};

const progressOf = ({ output }: JobContext, done: number, total: number): void => {
  const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
  const zero = { files: 0, compressed_size: 0, deduplicated_size: 0, rate: 0, path: '' };
  output.progress(`${percent} % of ${humanBytes(total)} fed to the database`, {
    ...zero,
    phase: 'restore',
    original_size: done,
  });
};

/**
 * Borg on the repository's side, the client of the database on the destination, and this process between them: each waits for
 * the other, and when one fails the other one is stopped.
 * @throws JobFailure when any part of it failed
 */
const feed = async (
  context: JobContext,
  ends: { readonly place: BorgPlace; readonly side: ClientSide; readonly sql: SqlClient },
  dump: ArchiveEntry,
): Promise<void> => {
  const { place, side, sql } = ends;
  const pipe = new PassThrough();
  pipe.on('error', () => undefined);
  const ended = new AbortController();
  const complaints = createComplaints(context);
  for (const secret of sql.hidden) context.output.hide(secret);
  let fed = 0;

  const reading = runStep({ ...context, signal: AbortSignal.any([context.signal, ended.signal]) }, place, {
    argv: extractCommand({ ...extract(context, place, dump), stdout: true }),
    onStdout: async (chunk) => {
      fed += chunk.length;
      progressOf(context, fed, dump.size);
      if (!pipe.write(chunk)) await once(pipe, 'drain', { signal: ended.signal });
    },
  }).then(
    () => pipe.end(),
    (error: unknown) => {
      pipe.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    },
  );
  const running = runStreamingScript(side.session, {
    ...sql,
    data: pipe,
    sudo: side.sudo,
    onStderr: complaints.hear,
    signal: context.signal,
  }).finally(() => ended.abort());

  const [read, run] = await Promise.allSettled([reading, running]);
  if (run.status === 'rejected') throw read.status === 'rejected' ? read.reason : run.reason;
  judge(context, sql, { exitCode: run.value.exitCode, lines: complaints.lines() });
  if (read.status === 'rejected' && context.signal.aborted) throw read.reason;
  if (fed !== dump.size)
    throw new JobFailure(`The database's client took only ${fed} of the dump's ${dump.size} bytes.`);
  if (read.status === 'rejected') throw read.reason;
};

/** @throws JobFailure when the client of the database did not run everything */
const judge = (
  { plan }: JobContext,
  sql: SqlClient,
  { exitCode, lines }: { readonly exitCode: number | null; readonly lines: readonly string[] },
): void => {
  const failures = sql.failures(lines);
  if (exitCode === 0 && failures.length === 0) return;
  const said = (failures.length > 0 ? failures : lines.slice(-3)).slice(0, 3).join('; ') || `exit status ${exitCode}`;
  throw new JobFailure(
    `The database server on ${clientOf(plan).hostname} did not take all of the dump, so its databases are restored in part: ${said.slice(0, 500)}`,
    { exitCode },
  );
};

/**
 * Feeds the dump of a mysql or postgresql archive to the database server of the destination. What the dump holds replaces what
 * is there; whoever asked for it has confirmed that.
 * @throws JobFailure
 */
export const restoreDatabase = async (context: JobContext, { dry_run }: RestoreRequest): Promise<JobResult> => {
  const { plan, output } = context;
  const sql = await clientFor(context);
  await using place = await onRepositoryHost(connectionsOf(context), repositoryOf(plan));
  const dump = await findDump(context, place);
  await readOnce(context, place, dump);
  const restored = { files: 1, bytes: dump.size, replaced: 0, skipped: 0, kept_both: 0, verified: 1, mismatches: [] };
  if (dry_run) {
    output.write('verbose', 'The dump can be read; nothing was written.');
    return { ...NOTHING_TO_TELL, restored };
  }
  const side = await openClient(connectionsOf(context), clientOf(plan));
  try {
    output.write('verbose', `Feeding the dump to the database server on ${clientOf(plan).hostname}`);
    await context.prove(context.signal);
    await feed(context, { place, side, sql }, dump);
  } finally {
    await side.session.close();
  }
  output.write('verbose', 'The database server took all of the dump.');
  return { ...NOTHING_TO_TELL, restored };
};
