import { createForwardedAgent, parseRepositoryLocation, toBorgUrl, type AgentIdentity } from '@cyborgbackup/borg';
import { JobFailure } from '../job/job-failure.ts';
import type { BackupEndpoint, BackupTarget } from './borg-endpoint.ts';
import { openClientSession } from './client-session.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import { servedBy } from './job-processes.ts';
import { canBindKeys } from './openssh-version.ts';
import { takenOwnKey } from './own-key.ts';
import { repositorySecrets } from './secrets.ts';
import { knownHost } from './ssh-session.ts';

/**
 * The endpoint on the client: borg runs beside the files and reaches the repository with a forwarded key. Root on the client can use
 * it as long as the job runs, so it is the repository's own, which opens that repository alone. Where the client's OpenSSH can
 * tell the agent of hosts, it is moreover good for the repository's host only.
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
  const { privateKey } = await takenOwnKey(options, repository, secrets);
  const { lines, keys } = await knownHost(options, location, privateKey);
  const identities: AgentIdentity[] = [];
  const agent = createForwardedAgent(() => identities);
  const client = await openClientSession(options, target, agent);
  const { user } = location;
  identities.push({
    privateKey,
    destination: canBindKeys(client.opensshVersion) ? { user, hostKeys: keys } : { user },
  });
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
    mayBeUnencrypted: secrets.mayBeUnencrypted,
    ...servedBy(options, secrets),
    knownHosts: lines,
    forwardAgent: true,
    [Symbol.asyncDispose]: () => client.ssh.close(),
  };
};
