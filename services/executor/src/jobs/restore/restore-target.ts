import { parseRepositoryLocation, type BorgRunner } from '@cyborgbackup/borg';
import { openBackupEndpoint } from '../../endpoints/backup-endpoint.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { onRepositoryHost } from '../../endpoints/connections.ts';
import type { BorgRun } from '../../borg/run-borg-at.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { clientOf, repositoryOf } from '../../job/job-plan.ts';
import { connectionsOf, type JobContext } from '../../job/job-context.ts';
import { lingering } from './lingering.ts';

/** How borg is started in a folder of the destination. */
type Start = Pick<BorgRun, 'directory' | 'scratch' | 'mount'>;

/** Where borg runs and where the files go, which is the same host unless the repository pulls. */
export interface RestoreTarget extends AsyncDisposable {
  readonly borg: BorgEndpoint;
  /** Runs scripts where the files go, with the rights to write them. */
  readonly files: BorgRunner;
  /** In a folder that is there. */
  in(folder: string): Start;
  /** In a private folder that is there, and gone again if borg fails. */
  inStage(folder: string): Start;
  /** Owners' names mean something else where borg runs. */
  readonly numericIds: boolean;
  /** Files are written through sftp, which follows symbolic links: owner, mode and times of a link would go to its target. */
  readonly mounted: boolean;
}

const onItself = (place: BorgEndpoint, files: BorgRunner): RestoreTarget => ({
  borg: place,
  files,
  in: (directory) => ({ directory }),
  inStage: (scratch) => ({ scratch }),
  numericIds: false,
  mounted: false,
  [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
});

/** The host on which the repository lies. */
const atRepository = async (context: JobContext, signal: AbortSignal): Promise<RestoreTarget> => {
  const repository = repositoryOf(context.plan);
  const place = await onRepositoryHost({ ...connectionsOf(context), signal }, repository);
  if (place.host === 'repository' || parseRepositoryLocation(repository.path).kind === 'local') {
    return onItself(place, place.runner);
  }
  await place[Symbol.asyncDispose]();
  throw new JobFailure('The repository host gives us no shell, so nothing can be restored there: choose a client.');
};

/**
 * A client: borg runs there, or, when the policy pulls or the client cannot reach the repository, beside the repository with
 * the client's files mounted.
 */
const atClient = async (context: JobContext, signal: AbortSignal): Promise<RestoreTarget> => {
  const { plan } = context;
  const [client, repository] = [clientOf(plan), repositoryOf(plan)];
  const pull = plan.run.policy?.mode_pull === true || parseRepositoryLocation(repository.path).kind === 'local';
  const place = await openBackupEndpoint({ ...connectionsOf(context), signal }, { client, repository, pull });
  if (!pull) return onItself(place, place.client);
  const { run } = await place.files(['/'], { oneFileSystem: false });
  const { mount } = run;
  if (!mount) throw new Error('A pull place mounts the client');
  const mounted = (folder: string): Start => ({
    mount: { ...mount, name: `${mount.name}-restore`, writable: true, folder },
  });
  return {
    borg: place,
    files: place.client,
    in: mounted,
    inStage: mounted,
    numericIds: true,
    mounted: true,
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
};

/** @throws SshError, JobFailure */
export const openRestoreTarget = (context: JobContext, to: 'client' | 'repository'): Promise<RestoreTarget> => {
  const signal = lingering(context.signal);
  return to === 'repository' ? atRepository(context, signal) : atClient(context, signal);
};
