import { explainFailure, listArchivesCommand, parseArchiveList, type BorgLogMessage } from '@cyborgbackup/borg';
import { catalogCommands, RECONCILE_MAX } from '@cyborgbackup/contracts';
import type { ServiceParts } from '@cyborgbackup/service';
import type { BorgPlace } from '../connect/borg-place.ts';
import { runAt } from '../connect/run-at.ts';
import { JobFailure, JobStopped } from '../job/job-failure.ts';
import { otherRepository } from '../prepare/known-repository.ts';
import { callCatalog } from './call-catalog.ts';

export interface ReconcileOptions {
  readonly parts: Pick<ServiceParts, 'rpc' | 'store'>;
  readonly place: BorgPlace;
  /** The repository's uuid. */
  readonly repository: string;
  /** Borg's id of it; undefined when no preparation has seen it. */
  readonly borgId: string | undefined;
  /** How long borg may wait for another one. */
  readonly lockWaitSeconds: number;
  readonly signal: AbortSignal;
  readonly onLog?: (message: BorgLogMessage) => void;
}

/** Names of archives: those that went without us, those that came back, and those that nobody knew. */
export interface Drift {
  readonly vanished: readonly string[];
  readonly foundAgain: readonly string[];
  readonly unknown: readonly string[];
}

interface Listed {
  readonly name: string;
  readonly borg_id: string;
}

/** What borg lists, in the order of ids. A list that is not known to be whole is none. @throws JobFailure, JobStopped */
const listArchives = async (options: ReconcileOptions): Promise<readonly Listed[]> => {
  const { place, borgId, lockWaitSeconds, signal, onLog } = options;
  const argv = listArchivesCommand({ repository: place.repository, lockWaitSeconds });
  const result = await runAt(place, { argv, signal, ...(onLog ? { onLog } : {}) });
  if (result.outcome === 'aborted') throw new JobStopped('The job was stopped.');
  if ((result.outcome !== 'success' && result.outcome !== 'warning') || result.stdoutCut) {
    throw new JobFailure(`The archives could not be listed: ${explainFailure(result).message}`, {
      exitCode: result.exitCode,
    });
  }
  const list = parseArchiveList(result.stdout);
  const { id: found } = list.repository;
  if (borgId !== undefined && found !== borgId) throw otherRepository(place.repository, found, borgId);
  return list.archives.map(({ name, id }) => ({ name, borg_id: id })).sort((a, b) => (a.borg_id < b.borg_id ? -1 : 1));
};

/**
 * Compares the repository with the catalog: archives that borg lists no more leave the catalog, with an event, those that
 * are there after all come back, and archives that no job of ours made are recorded. To be called by a job that has the
 * repository for itself.
 * @throws JobFailure when borg cannot list the archives, or lists those of another repository: the catalog then stays as
 * it is
 */
export const reconcileArchives = async (options: ReconcileOptions): Promise<Drift> => {
  const { parts, repository } = options;
  const known_until = (await parts.store.head()).toString();
  const listed = await listArchives(options);
  const call = callCatalog(parts.rpc);
  const vanished: string[] = [];
  const foundAgain: string[] = [];
  const unknown: string[] = [];
  let after = '';
  for (let at = 0; at === 0 || at < listed.length; at += RECONCILE_MAX) {
    const archives = listed.slice(at, at + RECONCILE_MAX);
    const isLast = at + RECONCILE_MAX >= listed.length;
    const until = isLast ? null : (archives.at(-1)?.borg_id ?? null);
    const drift = await call(catalogCommands.reconcile, { repository, known_until, after, until, archives });
    vanished.push(...drift.vanished);
    foundAgain.push(...drift.reappeared);
    unknown.push(...drift.unknown);
    after = until ?? after;
  }
  return { vanished, foundAgain, unknown };
};
