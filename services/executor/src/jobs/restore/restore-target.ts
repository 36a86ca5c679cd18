import { parseRepositoryLocation, type BorgRunner } from '@cyborgbackup/borg';
import type { BorgRun } from '../../borg/run-borg-at.ts';
import { openBackupEndpoint } from '../../endpoints/backup-endpoint.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryHost } from '../../endpoints/repository-endpoint.ts';
import { lingeringConnections, type JobContext } from '../../job/job-context.ts';
import { clientOf, repositoryOf } from '../../job/job-plan.ts';

/** How borg is started in a folder of the destination. */
type FolderOptions = Pick<BorgRun, 'scratch' | 'mount'>;

/** Where borg runs and where the files go, which is the same host unless the repository pulls. */
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

/** The host that has the repository. */
const onRepositoryHost = async (context: JobContext): Promise<RestoreTarget> => {
  const endpoint = await openRepositoryHost(
    lingeringConnections(context),
    repositoryOf(context.plan),
    'The repository host gives us no shell, so nothing can be restored there: choose a client.',
  );
  return onSameHost(endpoint, endpoint.runner);
};

/**
 * A client: borg runs there, or, when the policy pulls or the client cannot reach the repository, beside the repository with
 * the client's files mounted.
 */
const onClient = async (context: JobContext): Promise<RestoreTarget> => {
  const { plan } = context;
  const [client, repository] = [clientOf(plan), repositoryOf(plan)];
  const pull = plan.run.policy?.mode_pull === true || parseRepositoryLocation(repository.path).kind === 'local';
  const endpoint = await openBackupEndpoint(lingeringConnections(context), { client, repository, pull });
  if (!pull) return onSameHost(endpoint, endpoint.client);
  const { run } = await endpoint.files(['/'], { oneFileSystem: false });
  const { mount } = run;
  if (!mount) throw new Error('A pull endpoint mounts the client');
  const mounted = (folder: string): FolderOptions => ({
    mount: { ...mount, name: `${mount.name}-restore`, writable: true, folder },
  });
  return {
    ...onSameHost(endpoint, endpoint.client),
    inStage: mounted,
    numericIds: true,
    mounted: true,
  };
};

/** @throws SshError, JobFailure */
export const openRestoreTarget = (context: JobContext, to: 'client' | 'repository'): Promise<RestoreTarget> =>
  to === 'repository' ? onRepositoryHost(context) : onClient(context);
