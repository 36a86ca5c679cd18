import { createLineSplitter, extractCommand, runStreamingScript, type ArchiveEntry } from '@cyborgbackup/borg';
import type { RestoreRequest } from '@cyborgbackup/contracts';
import { hasCode, humanBytes, messageOf } from '@cyborgbackup/kernel';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { commandOptions, runBorgStep } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openClientSession, type ClientSession } from '../../endpoints/client-session.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { policySecret } from '../../endpoints/secrets.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf, clientOf, repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { createSelectedEntries } from './selected-entries.ts';
import { createUnsafeEntries } from './unsafe-entries.ts';
import { sqlClientOf, type SqlClient } from './sql-client.ts';

/** @throws JobFailure when it is not known how to log in */
const clientFor = async (context: JobContext): Promise<SqlClient> => {
  const { policy } = context.plan.run;
  if (!policy) {
    throw new JobFailure(
      'The policy that made this dump is gone, and with it how to log in: restore the dump as a file.',
    );
  }
  const variables = await policySecret(context.deps, 'extra_vars');
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
const findDump = async (context: JobContext, endpoint: BorgEndpoint): Promise<ArchiveEntry> => {
  const found: ArchiveEntry[] = [];
  const unsafe = createUnsafeEntries(archiveOf(context.plan), { areAllowed: false });
  await createSelectedEntries(context, endpoint, { paths: [], patterns: [] }, unsafe).each((entries) => {
    found.push(...entries.slice(0, 2));
    return Promise.resolve();
  });
  const [dump, other] = found;
  if (dump && !other && dump.type === '-') return dump;
  throw new JobFailure(`The archive ${archiveOf(context.plan)} is no dump of a database: restore it as files.`);
};

const extractOptions = (
  context: JobContext,
  endpoint: BorgEndpoint,
  dump: ArchiveEntry,
): Parameters<typeof extractCommand>[0] => ({
  ...commandOptions(endpoint),
  archive: archiveOf(context.plan),
  paths: [dump.path],
});

/** Reads all of the dump and discards it: a damaged dump must be found before any of it is restored. */
const readOnce = async (context: JobContext, endpoint: BorgEndpoint, dump: ArchiveEntry): Promise<void> => {
  context.output.write(
    'verbose',
    `Reading ${dump.path} (${humanBytes(dump.size)}) once before any database is touched`,
  );
  await runBorgStep(context, endpoint, {
    argv: extractCommand({ ...extractOptions(context, endpoint, dump), dryRun: true }),
  });
};

const MAX_LINES = 1_000;
const MAX_LINE_BYTES = 10_000;

/** Collects the client's standard error, the first thousand lines of it. */
const createErrorLines = (
  context: JobContext,
): { readonly push: (chunk: Buffer) => void; readonly lines: () => readonly string[] } => {
  const splitter = createLineSplitter(MAX_LINE_BYTES);
  const kept: string[] = [];
  const take = ({ text }: { readonly text: string }): void => {
    if (text === '' || kept.length >= MAX_LINES) return;
    // Redacted before a line is quoted in part: half a password would not be recognised any more.
    kept.push(context.output.clean(text));
    context.output.write('warning', text);
  };
  return {
    push: (chunk) => splitter.push(chunk).forEach(take),
    lines: () => {
      splitter.end().forEach(take);
      return kept;
    },
  };
};

const progressOf = ({ output }: JobContext, done: number, total: number): void => {
  const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
  output.progress(`${percent} % of ${humanBytes(total)} fed to the database`, {
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
  ends: { readonly endpoint: BorgEndpoint; readonly session: ClientSession; readonly sql: SqlClient },
  dump: ArchiveEntry,
): Promise<void> => {
  const { endpoint, session, sql } = ends;
  const pipe = new PassThrough();
  pipe.on('error', () => undefined);
  const ended = new AbortController();
  const errors = createErrorLines(context);
  for (const secret of sql.hidden) context.output.hide(secret);
  let fed = 0;

  const reading = runBorgStep({ ...context, signal: AbortSignal.any([context.signal, ended.signal]) }, endpoint, {
    argv: extractCommand({ ...extractOptions(context, endpoint, dump), stdout: true }),
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
  const running = runStreamingScript(session.ssh, {
    ...sql,
    data: pipe,
    sudo: session.sudo,
    onStderr: errors.push,
    signal: context.signal,
  }).finally(() => ended.abort());

  const [read, run] = await Promise.allSettled([reading, running]);
  if (run.status === 'rejected') throw read.status === 'rejected' ? read.reason : run.reason;
  assertSuccess(context, sql, { exitCode: run.value.exitCode, lines: errors.lines() });
  if (read.status === 'rejected' && context.signal.aborted) throw read.reason;
  if (fed !== dump.size)
    throw new JobFailure(`The database's client took only ${fed} of the dump's ${dump.size} bytes.`);
  if (read.status === 'rejected') throw read.reason;
};

/** @throws JobFailure when the client of the database did not run everything */
const assertSuccess = (
  { plan }: JobContext,
  sql: SqlClient,
  { exitCode, lines }: { readonly exitCode: number | null; readonly lines: readonly string[] },
): void => {
  const failures = sql.failures(lines);
  if (exitCode === 0 && failures.length === 0) return;
  const reason = (failures.length > 0 ? failures : lines.slice(-3)).slice(0, 3).join('; ') || `exit status ${exitCode}`;
  throw new JobFailure(
    `The database server on ${clientOf(plan).hostname} did not take all of the dump, so its databases are restored in part: ${reason.slice(0, 500)}`,
    { exit_code: exitCode },
  );
};

/**
 * Feeds the dump of a mysql or postgresql archive to the database server of the destination. It replaces existing databases; the
 * user who asked for it has confirmed that.
 * @throws JobFailure
 */
export const restoreDatabase = async (context: JobContext, { dry_run }: RestoreRequest): Promise<JobResult> => {
  const { plan, output } = context;
  const sql = await clientFor(context);
  await using endpoint = await openRepositoryEndpoint(context, repositoryOf(plan));
  const dump = await findDump(context, endpoint);
  await readOnce(context, endpoint, dump);
  const restored = { files: 1, bytes: dump.size, replaced: 0, skipped: 0, kept_both: 0, verified: 1, mismatches: [] };
  if (dry_run) {
    output.write('verbose', 'The dump can be read; nothing was written.');
    return { ...EMPTY_RESULT, restored };
  }
  {
    await using session = await openClientSession(context, clientOf(plan));
    output.write('verbose', `Feeding the dump to the database server on ${clientOf(plan).hostname}`);
    await context.assertOwnership(context.signal);
    await feed(context, { endpoint, session, sql }, dump);
  }
  output.write('verbose', 'The database server took all of the dump.');
  return { ...EMPTY_RESULT, restored };
};
