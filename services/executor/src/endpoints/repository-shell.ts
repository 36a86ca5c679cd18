import {
  isSshError,
  localRunner,
  parseRepositoryLocation,
  sshRunner,
  type BorgRunner,
  type ForwardableAgent,
  type SshSession,
} from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import type { RepositoryAddress } from './borg-endpoint.ts';
import type { SshLocation } from './own-key.ts';
import { clientLogin, repositorySecrets, type RepositorySecrets } from './secrets.ts';
import { hasShell, openSession } from './ssh-session.ts';

/** Offers the own key too, so that a host which takes that alone counts no failed login. */
const logIn = async (
  options: ConnectionOptions,
  location: SshLocation,
  { ownKey }: RepositorySecrets,
  agent: ForwardableAgent | undefined,
): Promise<SshSession | undefined> => {
  const { privateKey } = await clientLogin(options.deps);
  try {
    return await openSession(options, location, { privateKey, otherKey: ownKey?.privateKey }, agent);
  } catch (error) {
    if (!isSshError(error, 'auth')) throw error;
    return undefined;
  }
};

/**
 * A session with a shell on a repository's host, by the control plane's key; undefined where that key has none.
 * @throws SshError when the host cannot be reached
 */
export const openShell = async (
  options: ConnectionOptions,
  location: SshLocation,
  secrets: RepositorySecrets,
  agent?: ForwardableAgent,
): Promise<SshSession | undefined> => {
  const session = await logIn(options, location, secrets, agent);
  try {
    if (session && !session.withOtherKey && (await hasShell(options, session))) return session;
  } catch (error) {
    await session?.close();
    throw error;
  }
  await session?.close();
  return undefined;
};

/** The host that has a repository, where scripts can be run. Borg is not: the host would learn the passphrase. */
export interface RepositoryShell extends AsyncDisposable {
  readonly runner: BorgRunner;
}

/**
 * @param refusal the failure when that host gives us no shell
 * @throws JobFailure, SshError
 */
export const openRepositoryShell = async (
  options: ConnectionOptions,
  repository: RepositoryAddress,
  refusal: string,
): Promise<RepositoryShell> => {
  const location = parseRepositoryLocation(repository.path);
  if (location.kind === 'local') return { runner: localRunner(), [Symbol.asyncDispose]: () => Promise.resolve() };
  const secrets = await repositorySecrets(options.deps, repository.uuid);
  const session = await openShell(options, location, secrets);
  if (!session) throw new JobFailure(refusal);
  return { runner: sshRunner(session), [Symbol.asyncDispose]: () => session.close() };
};
