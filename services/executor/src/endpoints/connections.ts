import type { SshSession } from '@cyborgbackup/borg';
import type { BorgEndpoint } from './borg-endpoint.ts';
import { openClientSession, type Host } from './client-session.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openRepositoryEndpoint, type Repository } from './repository-endpoint.ts';

export type { BorgEndpoint } from './borg-endpoint.ts';
export type { ConnectionOptions } from './connection-options.ts';
export { openPushEndpoint } from './push-endpoint.ts';

/** A session on the client, as the backup user. */
export const connectClient = async (options: ConnectionOptions, client: Host): Promise<SshSession> =>
  (await openClientSession(options, client)).session;

/**
 * The repository's own side: borg runs where the data lies, or on this host where the repository's account runs no commands.
 * @throws SshError, JobFailure
 */
export const onRepositoryHost = (options: ConnectionOptions, repository: Repository): Promise<BorgEndpoint> =>
  openRepositoryEndpoint(options, repository);
