import {
  runCommand,
  isSshError,
  localRunner,
  parseRepositoryLocation,
  repositoryPathOnHost,
  sshRunner,
  startLocalAgent,
  toBorgUrl,
  createForwardedAgent,
  type AgentIdentity,
  type BorgRunner,
  type ForwardableAgent,
  type RepositoryLocation,
  type SshSession,
} from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { BorgEndpoint, RepositoryAddress } from './borg-endpoint.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import { markedEnv } from './job-processes.ts';
import { canBindKeys, opensshVersion } from './openssh-version.ts';
import { clientLogin, repositorySecrets, type RepositorySecrets } from './secrets.ts';
import { knownHost, openSession, succeeds } from './ssh-session.ts';

type SshLocation = Extract<RepositoryLocation, { kind: 'ssh' }>;

/** What borg needs on the repository's side to log in to a client. */
export interface ClientAccess {
  readonly identity: AgentIdentity;
  readonly knownHosts: readonly string[];
}

/** @throws SshError, JobFailure when the account takes neither key */
const logIn = async (
  options: ConnectionOptions,
  location: SshLocation,
  keys: { readonly controlKey: string; readonly secrets: RepositorySecrets },
  agent: ForwardableAgent | undefined,
): Promise<SshSession> => {
  const { controlKey, secrets } = keys;
  try {
    const otherKey = secrets.ownKey?.privateKey;
    return await openSession(options, location, { privateKey: controlKey, otherKey }, agent);
  } catch (error) {
    if (!isSshError(error, 'auth')) throw error;
    throw new JobFailure(
      `${location.user}@${location.host}:${location.port} accepts neither the control plane's key nor the repository's own: ` +
        `add the line that /api/v1/repositories/${secrets.id}/authorized_keys/ gives to that account's authorized_keys.`,
    );
  }
};

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

/**
 * A session with a shell, or the key with which a borg on this host may log in. The control plane's key may have a shell. The
 * repository's own key has none where it was installed as printed, and an account may have a forced command for the first key.
 */
const openShell = async (
  options: ConnectionOptions,
  location: SshLocation,
  secrets: RepositorySecrets,
  client: ClientAccess | undefined,
): Promise<{ readonly session: SshSession } | { readonly privateKey: string }> => {
  const { privateKey: controlKey } = await clientLogin(options.deps);
  const agent = client && createForwardedAgent(() => [client.identity]);
  const session = await logIn(options, location, { controlKey, secrets }, agent);
  try {
    const hasShell = (): Promise<boolean> =>
      succeeds(() => runCommand(sshRunner(session), ['true'], { signal: options.signal }), 'no-shell');
    if (!session.withOtherKey && (await hasShell())) {
      if (client) await refuseOldOpenssh(session);
      return { session };
    }
  } catch (error) {
    await session.close();
    throw error;
  }
  await session.close();
  const ownKey = session.withOtherKey || secrets.takesOwnKey ? secrets.ownKey : undefined;
  return { privateKey: ownKey?.privateKey ?? controlKey };
};

/**
 * The endpoint beside the repository: borg runs on its host. Where the repository's account runs no commands for us, borg runs on
 * this host and logs in with the repository's own key.
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
  const { passphrase } = secrets;
  const lent = client ? [client.identity] : [];
  const onHost = {
    repository: repositoryPathOnHost(location),
    passphrase,
    env: markedEnv(options, 'local'),
    ...(client ? { knownHosts: client.knownHosts } : {}),
  };
  if (location.kind === 'local') return openLocalEndpoint(onHost, lent);
  const login = await openShell(options, location, secrets, client);
  if ('session' in login) {
    const { session } = login;
    return {
      ...onHost,
      runner: sshRunner(session),
      host: 'repository',
      forwardAgent: client !== undefined,
      [Symbol.asyncDispose]: () => session.close(),
    };
  }
  const { privateKey } = login;
  const { lines, keys } = await knownHost(options, location, privateKey);
  const endpoint = {
    repository: toBorgUrl(location),
    passphrase,
    env: markedEnv(options, 'ssh'),
    knownHosts: [...lines, ...(client?.knownHosts ?? [])],
  };
  const identity = { privateKey, destination: { user: location.user, hostKeys: keys } };
  return openLocalEndpoint(endpoint, [identity, ...lent]);
};

/**
 * As `openRepositoryEndpoint`, but on the host that has the repository itself.
 * @param refusal the failure when that host gives us no shell
 */
export const openRepositoryHost = async (
  options: ConnectionOptions,
  repository: RepositoryAddress,
  refusal: string,
): Promise<BorgEndpoint> => {
  const endpoint = await openRepositoryEndpoint(options, repository);
  if (endpoint.host === 'repository' || parseRepositoryLocation(repository.path).kind === 'local') return endpoint;
  await endpoint[Symbol.asyncDispose]();
  throw new JobFailure(refusal);
};
