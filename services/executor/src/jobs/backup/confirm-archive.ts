import { parseArchiveInfo, type ArchiveInfo } from '@cyborgbackup/borg';
import { readInfo } from '../../borg/queries.ts';
import type { BackupEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { repositoryOf } from '../../job/job-plan.ts';

type ConfirmedArchive = ReturnType<typeof parseArchiveInfo>;

/**
 * Looks an archive up from the repository's side, where no program of the client has a say: what a borg on the client reports is a
 * claim of the client. In pull mode borg runs there anyway, and its connection is used again.
 * See docs/decisions/0024-what-a-host-says-is-not-believed.md.
 * @param claimed the archive as the borg that made it reports it
 * @returns the archive and all of its figures as the repository has them
 * @throws JobFailure when the repository does not have this archive
 */
export const confirmArchive = async (
  context: JobContext,
  endpoint: BackupEndpoint,
  claimed: Pick<ArchiveInfo, 'id'>,
  name: string,
): Promise<ConfirmedArchive> => {
  const info = endpoint.pull
    ? await readInfo(context, endpoint, 'no-archive', name)
    : await readFromRepository(context, name);
  const found = info === undefined ? undefined : parseArchiveInfo(info);
  if (found?.archive.id === claimed.id) return found;
  const instead = found ? `has another archive of that name (${found.archive.id})` : 'has no archive of that name';
  throw new JobFailure(
    `Borg on ${endpoint.runner.where} reported the archive ${name} (${claimed.id}), but the repository ${instead}, so nothing ` +
      'was backed up. Examine the borg that is installed there, and the host.',
  );
};

const readFromRepository = async (context: JobContext, name: string): Promise<string | undefined> => {
  await using repository = await openRepositoryEndpoint(context, repositoryOf(context.plan));
  return await readInfo(context, repository, 'no-archive', name);
};
