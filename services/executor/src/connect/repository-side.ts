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
import type { BorgPlace } from './borg-place.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { knownHost, type KnownHost } from './known-hosts.ts';
import { openSession } from './open-session.ts';
import { canBindKeys, opensshVersion } from './openssh-version.ts';
import { markedEnv } from './place-env.ts';
import { clientLogin, repositorySecrets, type RepositorySecrets } from './secrets.ts';

export interface Repository {
  readonly uuid: string;
  readonly path: string;
}

type SshLocation = Extract<RepositoryLocation, { kind: 'ssh' }>;

/** What borg needs on the repository's side to log in to a client. */
export interface ClientAccess {
  readonly identity: AgentIdentity;
  readonly knownHosts: readonly string[];
}

interface Opening {
  readonly options: ConnectionOptions;
  readonly location: SshLocation;
  readonly secrets: RepositorySecrets;
  readonly controlKey: string;
}

/** A session with a shell, or the key with which borg here may log in. */
type Login = { readonly session: SshSession } | { readonly privateKey: string };

/** @throws SshError, JobFailure when the account takes neither key */
const logIn = async (
  { options, location, secrets, controlKey }: Opening,
  agent: ForwardableAgent | undefined,
): Promise<SshSession> => {
  try {
    const keys = { privateKey: controlKey, otherKey: secrets.ownKey?.privateKey };
    return await openSession(options, location, keys, agent);
  } catch (error) {
    if (!isSshError(error, 'auth')) throw error;
    throw new JobFailure(
      `${location.user}@${location.host}:${location.port} accepts neither the control plane's key nor the repository's own: ` +
        `add the line that /api/v1/repositories/${secrets.id}/authorized_keys/ gives to that account's authorized_keys.`,
    );
  }
};

/** What is asked of a session before anybody else has it; when that fails, the session ends. */
const orClose = async <Result>(session: SshSession, asking: Promise<Result>): Promise<Result> => {
  try {
    return await asking;
  } catch (error) {
    await session.close();
    throw error;
  }
};

const hasShell = async ({ options }: Opening, session: SshSession): Promise<boolean> => {
  try {
    await runCommand(sshRunner(session), ['true'], { signal: options.signal });
    return true;
  } catch (error) {
    if (isSshError(error, 'no-shell')) return false;
    throw error;
  }
};

/**
 * Logs in with the control plane's key, which may have a shell, or with the repository's own, which has none where it was
 * installed as printed. An account that takes the first but runs no commands for it has a forced command of its own.
 */
const openSide = async (opening: Opening, lent: readonly AgentIdentity[]): Promise<Login> => {
  const { secrets, controlKey } = opening;
  const agent = lent.length > 0 ? createForwardedAgent(() => lent) : undefined;
  const session = await logIn(opening, agent);
  if (!session.withOtherKey && (await orClose(session, hasShell(opening, session)))) return { session };
  await session.close();
  const own = session.withOtherKey || secrets.takesOwnKey ? secrets.ownKey : undefined;
  return { privateKey: own?.privateKey ?? controlKey };
};

/** Whether the repository's host lets its own key in. @throws SshError when it cannot be reached */
export const takesOwnKey = async (
  options: ConnectionOptions,
  location: SshLocation,
  ownKey: string,
): Promise<boolean> => {
  try {
    const session = await openSession(options, location, { privateKey: ownKey });
    await session.close();
    return true;
  } catch (error) {
    if (isSshError(error, 'auth')) return false;
    throw error;
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

/** Borg on this host, with an agent where it has to log in somewhere. */
const executorPlace = async (
  place: Omit<BorgPlace, 'runner' | 'host' | 'forwardAgent' | typeof Symbol.asyncDispose>,
  identities: readonly AgentIdentity[],
): Promise<BorgPlace> => {
  const runner = localRunner();
  const agent = identities.length > 0 ? await startLocalAgent(await localIdentities(runner, identities)) : undefined;
  return {
    ...place,
    runner,
    host: 'executor',
    forwardAgent: false,
    ...(agent ? { agentSocket: agent.socket } : {}),
    [Symbol.asyncDispose]: async () => agent?.[Symbol.asyncDispose](),
  };
};

/** @throws JobFailure when a key of ours cannot be lent to the host safely */
const refuseOldOpenssh = async (session: SshSession): Promise<void> => {
  const version = await opensshVersion(sshRunner(session));
  if (canBindKeys(version)) return;
  throw new JobFailure(
    `OpenSSH on ${session.host} is ${version ?? 'missing'}, and a pull backup from there needs 8.9 or newer: ` +
      'an older one cannot be lent the key of a client for that client alone. Update it, or turn mode_pull off.',
  );
};

/**
 * The repository's own side: borg runs where the data lies. Where the repository's account runs no commands for us, borg
 * runs on this host and logs in with the repository's own key.
 * @param client set when borg has to log in to a client from there too
 * @throws SshError, JobFailure
 */
export const onRepositorySide = async (
  options: ConnectionOptions,
  repository: Repository,
  client?: ClientAccess,
): Promise<BorgPlace> => {
  const location = parseRepositoryLocation(repository.path);
  const secrets = await repositorySecrets(options.parts, repository.uuid);
  const { passphrase } = secrets;
  const lent = client ? [client.identity] : [];
  const env = markedEnv(options, location.kind);
  const knownHosts = client ? { knownHosts: client.knownHosts } : {};
  if (location.kind === 'local') {
    const place = { repository: repositoryPathOnHost(location), passphrase, env, ...knownHosts };
    return executorPlace(place, lent);
  }
  const { privateKey: controlKey } = await clientLogin(options.parts);
  const opening = { options, location, secrets, controlKey };
  const login = await openSide(opening, lent);
  if ('privateKey' in login) return withoutShell(opening, login.privateKey, client);
  const { session } = login;
  if (client) await orClose(session, refuseOldOpenssh(session));
  return {
    runner: sshRunner(session),
    host: 'repository',
    repository: repositoryPathOnHost(location),
    passphrase,
    env: markedEnv(options, 'local'),
    ...knownHosts,
    forwardAgent: client !== undefined,
    [Symbol.asyncDispose]: () => session.close(),
  };
};

const withoutShell = async (opening: Opening, privateKey: string, client?: ClientAccess): Promise<BorgPlace> => {
  const { options, location, secrets } = opening;
  const { lines, keys }: KnownHost = await knownHost(options, location, privateKey);
  const identity = { privateKey, destination: { user: location.user, hostKeys: keys } };
  const place = {
    repository: toBorgUrl(location),
    passphrase: secrets.passphrase,
    env: markedEnv(options, 'ssh'),
    knownHosts: [...lines, ...(client?.knownHosts ?? [])],
  };
  return executorPlace(place, [identity, ...(client ? [client.identity] : [])]);
};
