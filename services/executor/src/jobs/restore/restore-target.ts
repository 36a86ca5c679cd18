import { isSshError, parseRepositoryLocation, type BorgRunner } from '@cyborgbackup/borg';
import type { BorgRun } from '../../borg/run-borg-at.ts';
import { openBackupEndpoint } from '../../endpoints/backup-endpoint.ts';
import type { BackupEndpoint, BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { lingeringConnections, type JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { clientOf, repositoryOf } from '../../job/job-plan.ts';

/** How borg is started in a folder of the destination. */
type FolderOptions = Pick<BorgRun, 'scratch' | 'mount'>;

/** Where borg runs and where the files go, which is the same host unless they are mounted. */
export interface RestoreTarget extends AsyncDisposable {
  readonly borg: BorgEndpoint;
  /** Runs scripts on the destination, with the rights to write the files. */
  readonly files: BorgRunner;
  /** In an existing private folder, which is removed if borg fails. */
  inStage(folder: string): FolderOptions;
  /** Owners' names mean other accounts where borg runs. */
  readonly numericIds: boolean;
  /** Files are written through sftp, which follows symbolic links: owner, mode and times of a link would go to its target. */
  readonly mounted: boolean;
}

const onSameHost = (endpoint: BorgEndpoint, files: BorgRunner): RestoreTarget => ({
  borg: endpoint,
  files,
  inStage: (scratch) => ({ scratch }),
  numericIds: false,
  mounted: false,
  [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
});

/** Another host's files, mounted where borg runs. */
const onMountedHost = async (endpoint: BackupEndpoint): Promise<RestoreTarget> => {
  const { run } = await endpoint.files(['/'], { oneFileSystem: false });
  const { mount } = run;
  if (!mount) throw new Error('A pull endpoint mounts the host');
  const inStage = (folder: string): FolderOptions => ({
    mount: { ...mount, name: `${mount.name}-restore`, writable: true, folder },
  });
  return { ...onSameHost(endpoint, endpoint.client), inStage, numericIds: true, mounted: true };
};

const NO_SHELL = ['auth', 'no-shell', 'no-session'] as const;

/** The host that has the repository: borg runs there, or, so that it never learns the passphrase, here with its files mounted. */
const onRepositoryHost = async (context: JobContext): Promise<RestoreTarget> => {
  const connections = lingeringConnections(context);
  const repository = repositoryOf(context.plan);
  const location = parseRepositoryLocation(repository.path);
  const beside = await openRepositoryEndpoint(connections, repository);
  if (location.kind === 'local' || beside.host === 'repository') return onSameHost(beside, beside.runner);
  await beside[Symbol.asyncDispose]();
  const { user, host: hostname, port } = location;
  const client = { uuid: repository.uuid, hostname, port, user };
  try {
    return await onMountedHost(await openBackupEndpoint(connections, { client, repository, pull: true }));
  } catch (error) {
    if (!NO_SHELL.some((kind) => isSshError(error, kind))) throw error;
    throw new JobFailure(
      `${user}@${hostname}:${port} gives the control plane's key no shell, so nothing can be restored there: choose a client.`,
    );
  }
};

/**
 * A client: borg runs there, or, when the policy pulls or the client cannot reach the repository, on the repository's side with
 * the client's files mounted.
 */
const onClient = async (context: JobContext): Promise<RestoreTarget> => {
  const { plan } = context;
  const [client, repository] = [clientOf(plan), repositoryOf(plan)];
  const pull = plan.run.policy?.mode_pull === true || parseRepositoryLocation(repository.path).kind === 'local';
  const endpoint = await openBackupEndpoint(lingeringConnections(context), { client, repository, pull });
  return pull ? onMountedHost(endpoint) : onSameHost(endpoint, endpoint.client);
};

/** @throws SshError, JobFailure */
export const openRestoreTarget = (context: JobContext, to: 'client' | 'repository'): Promise<RestoreTarget> =>
  to === 'repository' ? onRepositoryHost(context) : onClient(context);
