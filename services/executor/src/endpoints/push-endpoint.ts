import { createForwardedAgent, parseRepositoryLocation, toBorgUrl, type AgentIdentity } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { BackupEndpoint, BackupTarget } from './borg-endpoint.ts';
import { openClientSession, type ClientSession } from './client-session.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import { markedEnv } from './job-processes.ts';
import { canBindKeys } from './openssh-version.ts';
import { clientLogin, repositorySecrets, type RepositorySecrets } from './secrets.ts';
import { knownHost } from './ssh-session.ts';

/**
 * The one key that the client's borg may use, for this repository's account on this repository's host. Root on the client
 * can use it as long as the job runs, so it is the repository's own key wherever its host takes that. The control plane's
 * key, which opens everything, is lent only bound to that host, which an old OpenSSH cannot do.
 * @throws JobFailure when there is no key that could be lent safely
 */
const lentIdentity = (
  { opensshVersion, login, ssh }: ClientSession,
  secrets: RepositorySecrets,
  destination: { readonly user: string; readonly hostKeys: readonly string[] },
): AgentIdentity => {
  const binds = canBindKeys(opensshVersion);
  if (secrets.takesOwnKey && secrets.ownKey) {
    const { privateKey } = secrets.ownKey;
    return { privateKey, destination: binds ? destination : { user: destination.user } };
  }
  if (binds) return { privateKey: login.privateKey, destination };
  throw new JobFailure(
    `OpenSSH on ${ssh.host} is ${opensshVersion ?? 'missing'}, too old to be lent the control plane's key for one ` +
      `host alone (that needs 8.9). Add the line that /api/v1/repositories/${secrets.id}/authorized_keys/ gives to the ` +
      "repository's account and prepare the repository again, or update OpenSSH.",
  );
};

const WARNING =
  "The repository's host does not take the repository's own key yet, so the client borrows the control plane's key for " +
  'this host while the job runs. Install the line that the preparation of the repository printed.';

/**
 * The endpoint on the client: borg runs beside the files and reaches the repository with a forwarded key.
 * @throws SshError, JobFailure
 */
export const openPushEndpoint = async (
  options: ConnectionOptions,
  { client: target, repository }: BackupTarget,
): Promise<BackupEndpoint> => {
  const location = parseRepositoryLocation(repository.path);
  if (location.kind === 'local') {
    throw new JobFailure(
      'A push backup needs a repository that the client can reach over SSH: change its path to user@host:path, or turn mode_pull on.',
    );
  }
  const secrets = await repositorySecrets(options.deps, repository.uuid);
  const { privateKey } = await clientLogin(options.deps);
  const { lines, keys } = await knownHost(options, location, privateKey);
  const identities: AgentIdentity[] = [];
  const agent = createForwardedAgent(() => identities);
  const client = await openClientSession(options, target, agent);
  try {
    identities.push(lentIdentity(client, secrets, { user: location.user, hostKeys: keys }));
  } catch (error) {
    await client.ssh.close();
    throw error;
  }
  if (!secrets.takesOwnKey) options.warn?.(WARNING);
  return {
    pull: false,
    client: client.runner,
    clockDifference: client.clockDifference,
    files: async (paths, { oneFileSystem, patterns = [] }) => ({
      create: { source: { paths }, exclude: [], patterns, oneFileSystem },
      run: {},
    }),
    dump: (argv) => argv,
    runner: client.runner,
    host: 'client',
    repository: toBorgUrl(location),
    passphrase: secrets.passphrase,
    env: markedEnv(options, 'ssh'),
    knownHosts: lines,
    forwardAgent: true,
    [Symbol.asyncDispose]: () => client.ssh.close(),
  };
};
