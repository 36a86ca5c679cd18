import {
  deleteCommand,
  explainFailure,
  infoCommand,
  listArchivesCommand,
  parseArchiveInfo,
  parseArchiveList,
  type ArchiveInfo,
} from '@cyborgbackup/borg';
import type { BorgPlace } from '../connect/borg-place.ts';
import type { JobContext } from './job-context.ts';
import { failureOf, LOCK_WAIT_SECONDS, runStep, tryStep } from './run-step.ts';

/** The archive that a lost attempt completed, if it did: borg makes archives whole or not at all. */
export const findLostArchive = async (
  context: JobContext,
  place: BorgPlace,
  archive: string,
): Promise<ArchiveInfo | undefined> => {
  const found = await tryStep(context, place, {
    argv: infoCommand({ repository: place.repository, archive, lockWaitSeconds: LOCK_WAIT_SECONDS }),
    onLog: () => undefined,
  });
  if (found.outcome === 'success' || found.outcome === 'warning') return parseArchiveInfo(found.stdout);
  if (explainFailure(found).kind === 'no-archive') return undefined;
  throw failureOf(found, place.runner.where);
};

/**
 * Removes what attempts of this backup left unfinished. Done when the backup is complete: until then the chunks in there
 * need not be sent again.
 */
export const removeCheckpoints = async (context: JobContext, place: BorgPlace, archive: string): Promise<void> => {
  const common = { repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS };
  const prefix = `${archive}.checkpoint`;
  const { stdout } = await runStep(context, place, {
    argv: listArchivesCommand({ ...common, prefix, considerCheckpoints: true }),
    onLog: () => undefined,
  });
  const archives = parseArchiveList(stdout).archives.map(({ name }) => name);
  if (archives.length === 0) return;
  await runStep(context, place, { argv: deleteCommand({ ...common, archives }) });
  context.output.write('verbose', `Removed what a lost attempt had left unfinished: ${archives.join(', ')}`);
};
