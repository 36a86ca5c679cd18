import { repositoryPrepared } from '@cyborgbackup/contracts';
import { hasArchive } from '@cyborgbackup/read-models';
import type { KeylessDeps } from '@cyborgbackup/service';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { waitForExecutor } from '../../tables/wait-for-executor.ts';

/** How many archives backups made in a repository that we have not removed. */
const countBackups = async (pool: KeylessDeps['pool'], repository: string): Promise<number> => {
  const { rows } = await pool.query<{ backups: number }>(
    `select count(*)::int as backups from executor.backups b join executor.runs r on r.run = b.run
      where r.repository = $1 and ${hasArchive('b')}`,
    [repository],
  );
  return rows[0]?.backups ?? 0;
};

/*
 * A path with one wrong letter leads to another repository. Borg gives each repository an id when it is initialised, and
 * preparations record the ids that they saw.
 */

/** Borg's ids of what was prepared as this repository, the latest last. */
export const preparedIds = async (
  { store }: Pick<KeylessDeps, 'store'>,
  repository: string,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { type, data } of store.readStream(`repository-${repository}`)) {
    if (type === repositoryPrepared.type) ids.push(repositoryPrepared.schema.parse(data).borg_id);
  }
  return ids;
};

/**
 * Refuses a path without the repository that backups were made in. Before the first backup any repository is accepted.
 * @param found borg's id of the repository there; undefined when there is none
 * @throws JobFailure
 */
export const refuseOtherRepository = async ({ deps, plan }: JobContext, found: string | undefined): Promise<void> => {
  const { uuid, name, path } = repositoryOf(plan);
  const prepared = await preparedIds(deps, uuid);
  if (found !== undefined && (prepared.length === 0 || prepared.includes(found))) return;
  await waitForExecutor(deps);
  const backups = await countBackups(deps.pool, uuid);
  if (backups === 0) return;
  const there =
    found === undefined ? `There is no repository at ${path}` : `The repository at ${path} (${found}) is another`;
  const id = prepared.at(-1);
  const facts = `archives: ${backups}${id === undefined ? '' : `, borg's id: ${id}`}`;
  throw new JobFailure(
    `${there}, but backups were made in the repository ${name} (${facts}): correct its path or bring it back there; ` +
      'to start anew, register this place as a new repository.',
  );
};

/** The failure when another repository was found than the one that was prepared; both are borg's ids. */
export const otherRepository = (path: string, found: string, expected: string): JobFailure =>
  new JobFailure(
    `The repository at ${path} is ${found}, not ${expected} that was prepared, so its archives say nothing about ours: ` +
      'correct the path, set the field ready of the repository to false, and launch.',
  );
