import { createCommand, deleteCommand, MOUNT_LOST, type BorgResult, type CreateOptions } from '@cyborgbackup/borg';
import type { BackupPlace } from '../connect/backup-place.ts';
import { JobFailure } from '../job/job-failure.ts';
import type { LastBackup } from '../read/series.ts';
import type { BackupSource, DumpSource, FileSource } from '../sources/backup-source.ts';
import { backupProgress } from './backup-progress.ts';
import { checkPaths } from './check-paths.ts';
import type { JobContext } from './job-context.ts';
import { LOCK_WAIT_SECONDS, runStep, tryStep, warningsOf, type StepOptions } from './run-step.ts';

export interface ArchiveOrder {
  readonly source: BackupSource;
  readonly archive: string;
  /** The backup before this one, for estimates. */
  readonly last: LastBackup | undefined;
}

interface Step {
  readonly create: Pick<CreateOptions, 'source'> & Partial<CreateOptions>;
  readonly run: Partial<StepOptions>;
  readonly warnings: readonly string[];
}

const fileStep = async (context: JobContext, place: BackupPlace, source: FileSource): Promise<Step> => {
  const { oneFileSystem, excludeCaches, patterns, exclude } = source;
  const found = await checkPaths(context, place.client, source);
  const { create, run } = await place.files(found.paths, { oneFileSystem, patterns });
  return {
    create: { ...create, excludeCaches, exclude: [...exclude, ...create.exclude] },
    run,
    warnings: found.warnings,
  };
};

const dumpStep = ({ output }: JobContext, place: BackupPlace, dump: DumpSource): Step => {
  for (const secret of dump.secrets ?? []) output.hide(secret);
  const { name, argv, input } = dump;
  return { create: { source: { command: place.dump(argv), name } }, run: { input }, warnings: [] };
};

/** In pull mode the repository is on the spot, and borg limits only what it sends away. */
const warnOfLimit = ({ output }: JobContext, place: BackupPlace, limit: number | undefined): void => {
  if (!place.pull || limit === undefined) return;
  output.write('system_warning', `The limit of ${limit} KiB/s does not hold in pull mode: borg limits uploads only.`);
};

/**
 * When the client's files went away in the middle, borg may have made an archive of what it could still read. It must not be
 * there when another attempt looks for what an earlier one has completed.
 */
const removeHalfRead = async (
  context: JobContext,
  place: BackupPlace,
  archive: string,
  error: unknown,
): Promise<void> => {
  if (!(error instanceof JobFailure) || error.facts.exitCode !== MOUNT_LOST) return;
  const argv = deleteCommand({ repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS, archives: [archive] });
  await tryStep(context, place, { argv, onLog: () => undefined });
};

/** Runs borg create. @throws JobFailure */
export const createArchive = async (
  context: JobContext,
  place: BackupPlace,
  { source: { content, archive: options }, archive, last }: ArchiveOrder,
): Promise<{ readonly result: BorgResult; readonly warnings: readonly string[] }> => {
  const step = content.kind === 'files' ? await fileStep(context, place, content) : dumpStep(context, place, content);
  warnOfLimit(context, place, options.uploadRateLimit);
  context.output.write('verbose', `Creating archive ${archive}`);
  const result = await runStep(context, place, {
    ...step.run,
    argv: createCommand({
      ...options,
      ...step.create,
      repository: place.repository,
      archive,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
    }),
    onProgress: backupProgress(context.output, last),
  }).catch(async (error: unknown) => {
    await removeHalfRead(context, place, archive, error);
    throw error;
  });
  return { result, warnings: [...step.warnings, ...warningsOf(result)] };
};
