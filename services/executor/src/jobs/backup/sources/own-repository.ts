import { parseRepositoryLocation, readScript, runCommand, type BorgRunner } from '@cyborgbackup/borg';
import type { JobContext } from '../../../job/job-context.ts';
import { JobFailure } from '../../../job/job-failure.ts';
import { repositoryOf } from '../../../job/job-plan.ts';
import { preparedIds } from '../../prepare/known-repository.ts';

const FIND_REPOSITORY = readScript(new URL('./find-repository.sh', import.meta.url));
const MAX_BYTES = 9 * 1024 * 1024;

/**
 * Patterns that keep the repository out of its own archives, where it is on the client in a folder that is backed up: otherwise each
 * backup stores what the ones before it stored. Borg does so itself for a repository that it sees by its path, and cannot for one
 * that it reaches over SSH or whose files it reads through a mount. The client is asked whether it has a repository of this id
 * at the repository's path, so it does not matter by which address, link or network file system it is there.
 * @throws JobFailure for a path that is the repository, or in it
 */
export const withoutRepository = async (
  { deps, plan, output, signal }: JobContext,
  client: BorgRunner,
  paths: readonly string[],
): Promise<readonly string[]> => {
  const { uuid, path: place } = repositoryOf(plan);
  const id = (await preparedIds(deps, uuid)).at(-1);
  if (id === undefined) return [];
  const location = parseRepositoryLocation(place);
  const account = location.kind === 'ssh' ? location.user : '';
  const argv = ['sh', '-c', FIND_REPOSITORY, 'sh', id, account, location.path, ...paths];
  const { stdout } = await runCommand(client, argv, { signal, maxBytes: MAX_BYTES });
  const answers = stdout.split('\0');
  const inside = paths.filter((_path, index) => answers[index] === 'within');
  if (inside.length > 0) {
    throw new JobFailure(
      `${inside.join(', ')} ${inside.length === 1 ? 'is' : 'are'} in the repository to which this would be backed up: name other folders, or another repository.`,
    );
  }
  const found = answers.flatMap((answer) => (answer.startsWith('around ') ? [answer.slice('around '.length)] : []));
  for (const path of found) output.write('system_warning', `${path} is left out: it is the repository itself.`);
  return found.map((path) => `! pp:${path}`);
};
