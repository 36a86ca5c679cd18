import { listNames } from '@cyborgbackup/kernel';
import { explainFailure, listArchivesCommand, parseArchiveList } from '@cyborgbackup/borg';
import { catalogCommands, RECONCILE_MAX } from '@cyborgbackup/contracts';
import { runBorgAt } from '../../borg/run-borg-at.ts';
import { commandOptions, isDone } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { callService, CATALOG_DEADLINE } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure, JobStopped } from '../../job/job-failure.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { otherRepository, preparedIds } from '../prepare/known-repository.ts';

type ReconcileContext = Pick<JobContext, 'deps' | 'plan' | 'output' | 'signal'>;

/** The archives that borg lists, in the order of ids. A list that may be incomplete is refused. @throws JobFailure, JobStopped */
const listCompletely = async (
  { deps, plan, signal }: ReconcileContext,
  endpoint: BorgEndpoint,
): Promise<readonly { readonly name: string; readonly borg_id: string }[]> => {
  const argv = listArchivesCommand(commandOptions(endpoint));
  const result = await runBorgAt(endpoint, { argv, signal });
  if (result.outcome === 'aborted') throw new JobStopped();
  if (!isDone(result)) {
    throw new JobFailure(`The archives could not be listed: ${explainFailure(result).message}`, {
      exit_code: result.exitCode,
    });
  }
  const list = parseArchiveList(result.stdout);
  const { id: found } = list.repository;
  const borgId = (await preparedIds(deps, repositoryOf(plan).uuid)).at(-1);
  if (borgId !== undefined && found !== borgId) throw otherRepository(endpoint.repository, found, borgId);
  return list.archives.map(({ name, id }) => ({ name, borg_id: id })).sort((a, b) => (a.borg_id < b.borg_id ? -1 : 1));
};

const MAX_LISTED_NAMES = 20;

/**
 * Compares the repository with the catalog: archives that borg does not list any more leave the catalog, with an event, those
 * that are there after all come back, and archives that no job of ours made are recorded. The calling job must have the
 * repository for itself.
 * @throws JobFailure when borg cannot list the archives, or lists those of another repository: the catalog then stays as
 * it is
 */
export const reconcileCatalog = async (context: ReconcileContext, endpoint: BorgEndpoint): Promise<void> => {
  const { deps, plan, output } = context;
  const { uuid: repository } = repositoryOf(plan);
  const known_until = (await deps.store.head()).toString();
  const listed = await listCompletely(context, endpoint);
  const vanished: string[] = [];
  const reappeared: string[] = [];
  const unknown: string[] = [];
  let after = '';
  for (let from = 0; from === 0 || from < listed.length; from += RECONCILE_MAX) {
    const archives = listed.slice(from, from + RECONCILE_MAX);
    const isLast = from + RECONCILE_MAX >= listed.length;
    const until = isLast ? null : (archives.at(-1)?.borg_id ?? null);
    const request = { repository, known_until, after, until, archives };
    const drift = await callService(deps, catalogCommands.reconcile, request, CATALOG_DEADLINE);
    vanished.push(...drift.vanished);
    reappeared.push(...drift.reappeared);
    unknown.push(...drift.unknown);
    after = until ?? after;
  }
  const warn = (text: string, names: readonly string[], advice = ''): void => {
    if (names.length > 0) output.write('system_warning', `${text}: ${listNames(names, MAX_LISTED_NAMES)}${advice}`);
  };
  warn('Gone from the repository without us', vanished);
  warn('In the repository after all', reappeared, '. Relaunch their catalog jobs.');
  warn('In the repository, but made by no job', unknown);
};
