import {
  deleteCommand,
  explainFailure,
  infoCommand,
  listArchivesCommand,
  parseArchiveInfo,
  parseArchiveList,
  type ArchiveInfo,
} from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { JobFailure } from '../../job/job-failure.ts';
import type { JobContext } from '../../job/job-context.ts';
import { failureOf, isDone, LOCK_WAIT_SECONDS, runBorgStep, tryBorgStep } from '../../borg/run-step.ts';

/** The archive that a lost attempt completed, if it did: borg makes archives whole or not at all. */
export const findLostArchive = async (
  context: JobContext,
  place: BorgEndpoint,
  archive: string,
): Promise<ArchiveInfo | undefined> => {
  const found = await tryBorgStep(context, place, {
    argv: infoCommand({ repository: place.repository, archive, lockWaitSeconds: LOCK_WAIT_SECONDS }),
    onLog: () => undefined,
  });
  if (isDone(found)) return parseArchiveInfo(found.stdout);
  if (explainFailure(found).kind === 'no-archive') return undefined;
  throw failureOf(found, place.runner.where);
};

/** Removes an archive of this job that cannot be trusted. The caller has seen that it is that one. */
export const removeArchive = async (context: JobContext, place: BorgEndpoint, archive: string): Promise<void> => {
  const argv = deleteCommand({ repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS, archives: [archive] });
  await runBorgStep(context, place, { argv });
  context.output.write('verbose', `Removed the archive of an attempt that was lost: ${archive}`);
};

/**
 * Removes what attempts of this backup left unfinished. Done when the backup is complete: until then the chunks in there
 * need not be sent again.
 */
export const removeCheckpoints = async (context: JobContext, place: BorgEndpoint, archive: string): Promise<void> => {
  const common = { repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS };
  const prefix = `${archive}.checkpoint`;
  const { stdout } = await runBorgStep(context, place, {
    argv: listArchivesCommand({ ...common, prefix, considerCheckpoints: true }),
    onLog: () => undefined,
  });
  const archives = parseArchiveList(stdout).archives.map(({ name }) => name);
  if (archives.length === 0) return;
  await runBorgStep(context, place, { argv: deleteCommand({ ...common, archives }) });
  context.output.write('verbose', `Removed what was left unfinished: ${archives.join(', ')}`);
};

/** Borg's own interval between checkpoints, in seconds. */
const CHECKPOINT_SECONDS = 1_800;

/**
 * Runs `borg create`, and when it fails removes what it kept of the archive until then: half a dump is no backup. Nothing is
 * removed when another attempt follows, or when the job was stopped; then a later prune does it.
 */
export const withoutHalfArchive = async <Result>(
  context: JobContext,
  place: BorgEndpoint,
  { archive, interval = CHECKPOINT_SECONDS }: { readonly archive: string; readonly interval: number | undefined },
  create: () => Promise<Result>,
): Promise<Result> => {
  const begun = Date.now();
  try {
    return await create();
  } catch (error) {
    const isFinal = error instanceof JobFailure && error.facts.transport !== true && !context.signal.aborted;
    if (isFinal && Date.now() - begun >= interval * 1000) {
      await removeCheckpoints(context, place, archive).catch((cause: unknown) => {
        context.output.write('warning', `The unfinished archive could not be removed: ${messageOf(cause)}`);
      });
    }
    throw error;
  }
};
