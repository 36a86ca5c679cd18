import {
  connectSsh,
  createSingleKeyAgent,
  knownHostsLine,
  localRunner,
  parseRepositoryLocation,
  repositoryPathOnHost,
  sshRunner,
  toBorgUrl,
  type HostKeyPins,
  type RepositoryLocation,
  type SshSession,
} from '@cyborgbackup/borg';
import type { ServiceParts } from '@cyborgbackup/service';
import type { BorgPlace } from './borg-place.ts';
import { JobFailure } from '../job/job-failure.ts';
import { clientLogin, repositoryPassphrase } from './secrets.ts';

export type { BorgPlace };

export interface ConnectionOptions {
  readonly parts: ServiceParts;
  readonly hostKeys: HostKeyPins;
  readonly connectTimeoutMillis: number;
  readonly signal: AbortSignal;
  /** Uuid of the job, in the environment of all that runs for it (see takeover/). */
  readonly job?: string | undefined;
  /** Takes a sentence that whoever reads the job's output should know. */
  readonly warn?: ((text: string) => void) | undefined;
}

interface Host {
  readonly hostname: string;
  readonly port: number;
}

interface Repository {
  readonly uuid: string;
  readonly path: string;
}

const closing =
  (session: SshSession | undefined): (() => Promise<void>) =>
  async () =>
    session?.close();

/** As the backup user unless the target names another account. */
const openSession = async (
  options: ConnectionOptions,
  target: { host: string; port: number; user?: string },
  forwardTo?: Extract<RepositoryLocation, { kind: 'ssh' }>,
): Promise<SshSession> => {
  const { user, privateKey } = await clientLogin(options.parts);
  return connectSsh({
    user,
    ...target,
    privateKey,
    hostKeys: options.hostKeys,
    connectTimeoutMillis: options.connectTimeoutMillis,
    signal: options.signal,
    logger: options.parts.logger,
    ...(forwardTo ? { agent: createSingleKeyAgent(privateKey, { user: forwardTo.user }) } : {}),
  });
};

/** A session on the client, as the backup user. */
export const connectClient = (options: ConnectionOptions, client: Host): Promise<SshSession> =>
  openSession(options, { host: client.hostname, port: client.port });

/** The repository's own side: borg runs where the data lies. */
export const onRepositoryHost = async (options: ConnectionOptions, repository: Repository): Promise<BorgPlace> => {
  const location = parseRepositoryLocation(repository.path);
  const passphrase = await repositoryPassphrase(options.parts, repository.uuid);
  const session = location.kind === 'ssh' ? await openSession(options, location) : undefined;
  return {
    runner: session ? sshRunner(session) : localRunner(),
    repository: repositoryPathOnHost(location),
    host: session ? 'repository' : 'executor',
    passphrase,
    env: {},
    forwardAgent: false,
    [Symbol.asyncDispose]: closing(session),
  };
};

/** The repository host's key, met by a short connection of our own when nobody has met it yet. */
const repositoryHostKeys = async (
  options: ConnectionOptions,
  location: Extract<RepositoryLocation, { kind: 'ssh' }>,
): Promise<readonly string[]> => {
  const { host, port } = location;
  const known = await options.hostKeys.known(host, port);
  if (known.length === 0) {
    const session = await openSession(options, location);
    await session.close();
  }
  const keys = known.length > 0 ? known : await options.hostKeys.known(host, port);
  return keys.map((key) => knownHostsLine(host, port, key));
};

/** The client's side: borg runs beside the files and reaches the repository with the forwarded key. */
export const onClient = async (
  options: ConnectionOptions,
  client: Host,
  repository: Repository,
): Promise<BorgPlace & { readonly session: SshSession }> => {
  const location = parseRepositoryLocation(repository.path);
  if (location.kind === 'local') {
    throw new JobFailure(
      'A push backup needs a repository that the client can reach over SSH: change its path to user@host:path.',
    );
  }
  const passphrase = await repositoryPassphrase(options.parts, repository.uuid);
  const knownHosts = await repositoryHostKeys(options, location);
  const session = await openSession(options, { host: client.hostname, port: client.port }, location);
  return {
    session,
    runner: sshRunner(session),
    repository: toBorgUrl(location),
    host: 'client',
    passphrase,
    env: {},
    knownHosts,
    forwardAgent: true,
    [Symbol.asyncDispose]: closing(session),
  };
};
