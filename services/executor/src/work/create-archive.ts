import {
  createCommand,
  MOUNT_LOST,
  parseCreateResult,
  type BorgResult,
  type CreateCommandOptions,
} from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import type { BackupPlace } from '../connect/backup-place.ts';
import { JobStopped } from '../job/job-failure.ts';
import type { LastBackup } from '../read/series.ts';
import type { BackupSource, DumpSource, FileSource } from '../sources/backup-source.ts';
import { backupProgress } from './backup-progress.ts';
import { checkPaths } from './check-paths.ts';
import type { JobContext } from './job-context.ts';
import { findLostArchive, removeArchive } from './lost-archive.ts';
import { failureOf, isDone, LOCK_WAIT_SECONDS, tryStep, warningsOf, type StepOptions } from './run-step.ts';

export interface ArchiveOrder {
  readonly source: BackupSource;
  readonly archive: string;
  /** The backup before this one, for estimates. */
  readonly last: LastBackup | undefined;
}

interface Step {
  readonly create: Pick<CreateCommandOptions, 'source'> & Partial<CreateCommandOptions>;
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
 * When the client's files went away in the middle, borg may have made an archive of what it could still read. It must not stay
 * as if it were one to restore. The name does not say that it is this one, since whoever has taken the job over meanwhile
 * gives it to his archive too. So only what our borg has told us of is removed, known by its id; of an archive that it had
 * no time to tell us of, the next attempt or a check takes care.
 */
const removeHalfRead = async (
  context: JobContext,
  place: BackupPlace,
  archive: string,
  { exitCode, stdout }: BorgResult,
): Promise<void> => {
  if (exitCode !== MOUNT_LOST || stdout.trim() === '') return;
  try {
    const made = parseCreateResult(stdout).archive;
    const found = await findLostArchive(context, place, archive);
    if (found?.id === made.id) await removeArchive(context, place, archive);
  } catch (error) {
    if (error instanceof JobStopped) throw error;
    context.output.write('warning', `${archive} is not whole, and may still be there: ${messageOf(error)}`);
  }
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
  const result = await tryStep(context, place, {
    ...step.run,
    argv: createCommand({
      ...options,
      ...step.create,
      repository: place.repository,
      archive,
      lockWaitSeconds: LOCK_WAIT_SECONDS,
    }),
    onProgress: backupProgress(context.output, last),
  });
  if (!isDone(result)) {
    await removeHalfRead(context, place, archive, result);
    throw failureOf(result, place.runner.where);
  }
  return { result, warnings: [...step.warnings, ...warningsOf(result)] };
};
