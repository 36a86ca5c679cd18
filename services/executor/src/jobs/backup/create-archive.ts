import { createCommand, MOUNT_LOST, parseCreateResult } from '@cyborgbackup/borg';
import type { BorgResult, CreateCommandOptions } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { commandOptions, failureOf, isDone, tryBorgStep, warningsOf, type StepOptions } from '../../borg/run-step.ts';
import type { BackupEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobStopped } from '../../job/job-failure.ts';
import type { LastBackup } from '../../tables/series.ts';
import { backupProgress } from './backup-progress.ts';
import { findLostArchive, removeArchive } from './lost-archive.ts';
import type { BackupSource, DumpSource, FileSource } from './sources/backup-source.ts';
import { withoutRepository } from './sources/own-repository.ts';
import { findPaths } from './sources/source-paths.ts';

interface Step {
  readonly create: Pick<CreateCommandOptions, 'source'> & Partial<CreateCommandOptions>;
  readonly run: Partial<StepOptions>;
  readonly warnings: readonly string[];
}

const fileStep = async (context: JobContext, endpoint: BackupEndpoint, source: FileSource): Promise<Step> => {
  const { oneFileSystem, excludeCaches, patterns, exclude } = source;
  const { paths, warnings } = await findPaths(context, endpoint.client, source);
  // First, since the first pattern that fits decides.
  const all = [...(await withoutRepository(context, endpoint.client, paths)), ...patterns];
  const { create, run } = await endpoint.files(paths, { oneFileSystem, patterns: all });
  return { create: { ...create, excludeCaches, exclude: [...exclude, ...create.exclude] }, run, warnings };
};

const dumpStep = ({ output }: JobContext, endpoint: BackupEndpoint, dump: DumpSource): Step => {
  for (const secret of dump.secrets ?? []) output.hide(secret);
  const { name, argv, input } = dump;
  return { create: { source: { command: endpoint.dump(argv), name } }, run: { input }, warnings: [] };
};

/** In pull mode borg runs beside the repository, and it limits only what it sends to another host. */
const warnOfLimit = ({ output }: JobContext, endpoint: BackupEndpoint, limit: number | undefined): void => {
  if (!endpoint.pull || limit === undefined) return;
  output.write('system_warning', `The limit of ${limit} KiB/s does not hold in pull mode: borg limits uploads only.`);
};

/**
 * When the client's files went away while borg read them, borg may have made an archive of the rest. It must not stay as if it
 * were complete. An executor that has taken the job over meanwhile gives its archive the same name, so only the archive that our
 * borg has reported is removed, known by its id. If borg had no time to report it, the next attempt or a check removes it.
 * half-read.int.test.ts breaks the connection to the client at that moment.
 */
const removeHalfRead = async (
  context: JobContext,
  endpoint: BackupEndpoint,
  archive: string,
  { exitCode, stdout }: BorgResult,
): Promise<void> => {
  if (exitCode !== MOUNT_LOST || stdout.trim() === '') return;
  try {
    const made = parseCreateResult(stdout).archive;
    const found = await findLostArchive(context, endpoint, archive);
    if (found?.id === made.id) await removeArchive(context, endpoint, archive);
  } catch (error) {
    if (error instanceof JobStopped) throw error;
    context.output.write('warning', `${archive} is not whole, and may still be there: ${messageOf(error)}`);
  }
};

/**
 * Runs borg create.
 * @param order.last the backup before this one, for estimates
 * @throws JobFailure
 */
export const createArchive = async (
  context: JobContext,
  endpoint: BackupEndpoint,
  order: { readonly source: BackupSource; readonly archive: string; readonly last: LastBackup | undefined },
): Promise<{ readonly result: BorgResult; readonly warnings: readonly string[] }> => {
  const { archive, last } = order;
  const { content, archive: options } = order.source;
  const step =
    content.kind === 'files' ? await fileStep(context, endpoint, content) : dumpStep(context, endpoint, content);
  warnOfLimit(context, endpoint, options.uploadRateLimit);
  context.output.write('verbose', `Creating archive ${archive}`);
  const result = await tryBorgStep(context, endpoint, {
    ...step.run,
    argv: createCommand({ ...options, ...step.create, ...commandOptions(endpoint), archive }),
    onProgress: backupProgress(context.output, last),
  });
  if (!isDone(result)) {
    await removeHalfRead(context, endpoint, archive, result);
    throw failureOf(result, endpoint.runner.where);
  }
  return { result, warnings: [...step.warnings, ...warningsOf(result)] };
};
