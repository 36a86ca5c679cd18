import { deleteCommand, parseArchiveInfo, type ArchiveInfo } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { listArchives, readInfo } from '../../borg/queries.ts';
import { commandOptions, runBorgStep } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';

/** The archive that a lost attempt completed, if it did: borg makes archives whole or not at all. */
export const findLostArchive = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  archive: string,
): Promise<ArchiveInfo | undefined> => {
  const info = await readInfo(context, endpoint, 'no-archive', archive);
  return info === undefined ? undefined : parseArchiveInfo(info).archive;
};

/** Removes an archive of this job that cannot be trusted. The caller has made sure that it is this job's. */
export const removeArchive = async (context: JobContext, endpoint: BorgEndpoint, archive: string): Promise<void> => {
  await runBorgStep(context, endpoint, { argv: deleteCommand({ ...commandOptions(endpoint), archives: [archive] }) });
  context.output.write('verbose', `Removed the archive of an attempt that was lost: ${archive}`);
};

/**
 * Removes the unfinished archives (checkpoints) of this backup's attempts. Called when the backup is complete: until then their
 * chunks need not be sent again.
 */
export const removeCheckpoints = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  archive: string,
): Promise<void> => {
  const unfinished = await listArchives(context, endpoint, `${archive}.checkpoint`);
  const archives = unfinished.map(({ name }) => name);
  if (archives.length === 0) return;
  await runBorgStep(context, endpoint, { argv: deleteCommand({ ...commandOptions(endpoint), archives }) });
  context.output.write('verbose', `Removed what was left unfinished: ${archives.join(', ')}`);
};

/** Borg's own interval between checkpoints, in seconds. */
const CHECKPOINT_SECONDS = 1_800;

/**
 * Runs `borg create`, and when it fails removes its unfinished archive: half a dump is no backup. Nothing is removed when another
 * attempt follows, or when the job was stopped; then a later prune does it.
 */
export const withoutHalfArchive = async <Result>(
  context: JobContext,
  endpoint: BorgEndpoint,
  { archive, interval = CHECKPOINT_SECONDS }: { readonly archive: string; readonly interval: number | undefined },
  create: () => Promise<Result>,
): Promise<Result> => {
  const begun = Date.now();
  try {
    return await create();
  } catch (error) {
    const isFinal = error instanceof JobFailure && error.facts.transport !== true && !context.signal.aborted;
    if (isFinal && Date.now() - begun >= interval * 1000) {
      await removeCheckpoints(context, endpoint, archive).catch((cause: unknown) => {
        context.output.write('warning', `The unfinished archive could not be removed: ${messageOf(cause)}`);
      });
    }
    throw error;
  }
};
