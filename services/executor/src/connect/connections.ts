import type { SshSession } from '@cyborgbackup/borg';
import type { BorgPlace } from './borg-place.ts';
import { openClient, type Host } from './client-side.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { onRepositorySide, type Repository } from './repository-side.ts';

export type { BorgPlace } from './borg-place.ts';
export type { ConnectionOptions } from './connection-options.ts';
export { onClient } from './push-place.ts';

/** A session on the client, as the backup user. */
export const connectClient = async (options: ConnectionOptions, client: Host): Promise<SshSession> =>
  (await openClient(options, client)).session;

/**
 * The repository's own side: borg runs where the data lies, or on this host where the repository's account runs no commands.
 * @throws SshError, JobFailure
 */
export const onRepositoryHost = (options: ConnectionOptions, repository: Repository): Promise<BorgPlace> =>
  onRepositorySide(options, repository);
