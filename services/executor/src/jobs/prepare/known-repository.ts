import { repositoryPrepared } from '@cyborgbackup/contracts';
import type { ServiceParts } from '@cyborgbackup/service';
import { JobFailure } from '../../job/job-failure.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { caughtUp } from '../../read/caught-up.ts';
import { countBackups } from '../../read/count-backups.ts';
import type { JobContext } from '../../job/job-context.ts';

/*
 * A path names a place, and one wrong letter names another. Which repository is there is told by the id that borg gave it
 * when it was initialised; what preparations saw of that is in the log.
 */

/** Borg's ids of what was prepared as this repository, the latest last. */
export const preparedIds = async (
  { store }: Pick<ServiceParts, 'store'>,
  repository: string,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { type, data } of store.readStream(`repository-${repository}`)) {
    if (type === repositoryPrepared.type) ids.push(repositoryPrepared.schema.parse(data).borg_id);
  }
  return ids;
};

/**
 * Refuses a place without the repository that backups were made in. Before the first backup any place will do.
 * @param found borg's id of the repository there; undefined when there is none
 * @throws JobFailure
 */
export const refuseOtherRepository = async ({ parts, plan }: JobContext, found: string | undefined): Promise<void> => {
  const { uuid, name, path } = repositoryOf(plan);
  const known = await preparedIds(parts, uuid);
  if (found !== undefined && (known.length === 0 || known.includes(found))) return;
  await caughtUp(parts);
  const backups = await countBackups(parts.pool, uuid);
  if (backups === 0) return;
  const there =
    found === undefined ? `There is no repository at ${path}` : `The repository at ${path} (${found}) is another`;
  const id = known.at(-1);
  const facts = `archives: ${backups}${id === undefined ? '' : `, borg's id: ${id}`}`;
  throw new JobFailure(
    `${there}, but backups were made in the repository ${name} (${facts}): correct its path or bring it back there; ` +
      'to start anew, register this place as a new repository.',
  );
};

/** What to say where another repository was found than the one that was prepared; both are borg's ids. */
export const otherRepository = (path: string, found: string, expected: string): JobFailure =>
  new JobFailure(
    `The repository at ${path} is ${found}, not ${expected} that was prepared, so its archives say nothing about ours: ` +
      'correct the path, and prepare the repository again.',
  );
