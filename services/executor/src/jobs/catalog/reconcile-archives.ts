import { listNames } from '@cyborgbackup/kernel';
import { explainFailure, listArchivesCommand, parseArchiveList } from '@cyborgbackup/borg';
import { catalogCommands, RECONCILE_MAX } from '@cyborgbackup/contracts';
import type { ServiceDeps } from '@cyborgbackup/service';
import { runBorgAt } from '../../borg/run-borg-at.ts';
import { commandOptions, isDone } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure, JobStopped } from '../../job/job-failure.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { otherRepository, preparedIds } from '../prepare/known-repository.ts';
import { callCatalog } from './call-catalog.ts';

export interface ReconcileOptions {
  readonly deps: Pick<ServiceDeps, 'rpc' | 'store'>;
  readonly endpoint: BorgEndpoint;
  /** The repository's uuid. */
  readonly repository: string;
  /** Borg's id of it; undefined when no preparation has seen it. */
  readonly borgId: string | undefined;
  readonly signal: AbortSignal;
}

/** Names of archives: those that went without us, those that came back, and those that no job of ours made. */
export interface ArchiveDrift {
  readonly vanished: readonly string[];
  readonly foundAgain: readonly string[];
  readonly unknown: readonly string[];
}

/** The archives that borg lists, in the order of ids. A list that may be incomplete is refused. @throws JobFailure, JobStopped */
const listArchives = async (
  options: ReconcileOptions,
): Promise<readonly { readonly name: string; readonly borg_id: string }[]> => {
  const { endpoint, borgId, signal } = options;
  const argv = listArchivesCommand(commandOptions(endpoint));
  const result = await runBorgAt(endpoint, { argv, signal });
  if (result.outcome === 'aborted') throw new JobStopped();
  if (!isDone(result) || result.stdoutCut) {
    const { exitCode } = result;
    throw new JobFailure(`The archives could not be listed: ${explainFailure(result).message}`, { exitCode });
  }
  const list = parseArchiveList(result.stdout);
  const { id: found } = list.repository;
  if (borgId !== undefined && found !== borgId) throw otherRepository(endpoint.repository, found, borgId);
  return list.archives.map(({ name, id }) => ({ name, borg_id: id })).sort((a, b) => (a.borg_id < b.borg_id ? -1 : 1));
};

/**
 * Compares the repository with the catalog: archives that borg does not list any more leave the catalog, with an event, those
 * that are there after all come back, and archives that no job of ours made are recorded. The calling job must have the
 * repository for itself.
 * @throws JobFailure when borg cannot list the archives, or lists those of another repository: the catalog then stays as
 * it is
 */
export const reconcileArchives = async (options: ReconcileOptions): Promise<ArchiveDrift> => {
  const { deps, repository } = options;
  const known_until = (await deps.store.head()).toString();
  const listed = await listArchives(options);
  const call = callCatalog(deps.rpc);
  const vanished: string[] = [];
  const foundAgain: string[] = [];
  const unknown: string[] = [];
  let after = '';
  for (let from = 0; from === 0 || from < listed.length; from += RECONCILE_MAX) {
    const archives = listed.slice(from, from + RECONCILE_MAX);
    const isLast = from + RECONCILE_MAX >= listed.length;
    const until = isLast ? null : (archives.at(-1)?.borg_id ?? null);
    const drift = await call(catalogCommands.reconcile, { repository, known_until, after, until, archives });
    vanished.push(...drift.vanished);
    foundAgain.push(...drift.reappeared);
    unknown.push(...drift.unknown);
    after = until ?? after;
  }
  return { vanished, foundAgain, unknown };
};

const MAX_LISTED_NAMES = 20;

/** As `reconcileArchives`, of the job's repository, with the differences in the job's output. */
export const reconcileCatalog = async (context: JobContext, endpoint: BorgEndpoint): Promise<void> => {
  const { deps, plan, output, signal } = context;
  const { uuid } = repositoryOf(plan);
  const { vanished, foundAgain, unknown } = await reconcileArchives({
    deps,
    endpoint,
    repository: uuid,
    borgId: (await preparedIds(deps, uuid)).at(-1),
    signal,
  });
  const warn = (text: string, names: readonly string[], advice = ''): void => {
    if (names.length > 0) output.write('system_warning', `${text}: ${listNames(names, MAX_LISTED_NAMES)}${advice}`);
  };
  warn('Gone from the repository without us', vanished);
  warn('In the repository after all', foundAgain, '. Relaunch their catalog jobs.');
  warn('In the repository, but made by no job', unknown);
};
