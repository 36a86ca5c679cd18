import {
  createForwardedAgent,
  localRunner,
  parseRepositoryLocation,
  repositoryPathOnHost,
  sshRunner,
  startLocalAgent,
  toBorgUrl,
  type AgentIdentity,
  type BorgRunner,
  type SshSession,
} from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { BorgEndpoint, RepositoryAddress } from './borg-endpoint.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import { besideRepository, servedBy } from './job-processes.ts';
import { canBindKeys, opensshVersion } from './openssh-version.ts';
import { takenOwnKey, type SshLocation } from './own-key.ts';
import { openShell } from './repository-shell.ts';
import { repositorySecrets, runsOnRepositoryHosts, type RepositorySecrets } from './secrets.ts';
import { knownHost } from './ssh-session.ts';

/** What borg needs on the repository's side to log in to a client. */
export interface ClientAccess {
  readonly identity: AgentIdentity;
  readonly knownHosts: readonly string[];
}

/** Keys for programs of this host. Bound to their hosts, unless the OpenSSH here is too old to tell the agent of hosts. */
const localIdentities = async (runner: BorgRunner, identities: readonly AgentIdentity[]): Promise<AgentIdentity[]> => {
  const binds = canBindKeys(await opensshVersion(runner));
  return identities.map(({ privateKey, destination: { user, hostKeys } }) => ({
    privateKey,
    destination: binds ? { user, hostKeys } : { user },
  }));
};

/** Borg on this host, with an agent where it has to log in to another one. */
const openLocalEndpoint = async (
  endpoint: Omit<BorgEndpoint, 'runner' | 'host' | 'forwardAgent' | typeof Symbol.asyncDispose>,
  identities: readonly AgentIdentity[],
): Promise<BorgEndpoint> => {
  const runner = localRunner();
  const agent = identities.length > 0 ? await startLocalAgent(await localIdentities(runner, identities)) : undefined;
  return {
    ...endpoint,
    runner,
    host: 'executor',
    forwardAgent: false,
    ...(agent ? { agentSocket: agent.socket } : {}),
    [Symbol.asyncDispose]: async () => agent?.[Symbol.asyncDispose](),
  };
};

/** @throws JobFailure when a key of the control plane cannot be lent to the host safely */
const refuseOldOpenssh = async (session: SshSession): Promise<void> => {
  const version = await opensshVersion(sshRunner(session));
  if (canBindKeys(version)) return;
  throw new JobFailure(
    `OpenSSH on ${session.host} is ${version ?? 'missing'}, and a pull backup from there needs 8.9 or newer: ` +
      'an older one cannot be lent the key of a client for that client alone. Update it, or turn mode_pull off.',
  );
};

/** Borg on the repository's host, where the setting allows that; undefined when that host gives us no shell. */
const openOnHost = async (
  options: ConnectionOptions,
  location: SshLocation,
  secrets: RepositorySecrets,
  client: ClientAccess | undefined,
): Promise<BorgEndpoint | undefined> => {
  const session = await openShell(options, location, secrets, client && createForwardedAgent(() => [client.identity]));
  if (!session) return undefined;
  try {
    if (client) await refuseOldOpenssh(session);
  } catch (error) {
    await session.close();
    throw error;
  }
  return {
    repository: repositoryPathOnHost(location),
    passphrase: secrets.passphrase,
    mayBeUnencrypted: secrets.mayBeUnencrypted,
    ...besideRepository(options),
    program: secrets.remotePath,
    ...(client ? { knownHosts: client.knownHosts } : {}),
    runner: sshRunner(session),
    host: 'repository',
    forwardAgent: client !== undefined,
    [Symbol.asyncDispose]: () => session.close(),
  };
};

/**
 * The endpoint on the repository's side. Borg runs on this host and logs in with the repository's own key, so the repository's
 * host gets neither the passphrase nor a key; it runs there only where a setting allows that.
 * See docs/decisions/0026-the-repository-host-sees-no-passphrase.md.
 * @param client set when borg has to log in to a client from there too
 * @throws SshError, JobFailure
 */
export const openRepositoryEndpoint = async (
  options: ConnectionOptions,
  repository: RepositoryAddress,
  client?: ClientAccess,
): Promise<BorgEndpoint> => {
  const location = parseRepositoryLocation(repository.path);
  const secrets = await repositorySecrets(options.deps, repository.uuid);
  const { passphrase, mayBeUnencrypted } = secrets;
  const lent = client ? [client.identity] : [];
  const clientHosts = client?.knownHosts ?? [];
  if (location.kind === 'local') {
    const local = { repository: toBorgUrl(location), passphrase, mayBeUnencrypted, ...besideRepository(options) };
    return openLocalEndpoint({ ...local, knownHosts: clientHosts }, lent);
  }
  const onHost = (await runsOnRepositoryHosts(options.deps)) && (await openOnHost(options, location, secrets, client));
  if (onHost) return onHost;
  const { privateKey } = await takenOwnKey(options, repository, secrets);
  const { lines, keys } = await knownHost(options, location, privateKey);
  const endpoint = {
    repository: toBorgUrl(location),
    ...{ passphrase, mayBeUnencrypted },
    ...servedBy(options, secrets),
    knownHosts: [...lines, ...clientHosts],
  };
  const identity = { privateKey, destination: { user: location.user, hostKeys: keys } };
  // Where the client is the repository's host, by the own key there would be no files and no dumps.
  return openLocalEndpoint(endpoint, [...lent, identity]);
};
