import { authorizedKeysLine, parseRepositoryLocation, type RepositoryLocation } from '@cyborgbackup/borg';
import type { ConnectionOptions } from '../job/job-context.ts';
import { JobFailure } from '../job/job-failure.ts';
import type { RepositoryAddress } from './borg-endpoint.ts';
import type { RepositorySecrets } from './secrets.ts';
import { hasShell, openSession, succeeds } from './ssh-session.ts';

export type SshLocation = Extract<RepositoryLocation, { kind: 'ssh' }>;

/** The key of a repository alone. It is the only one that borg logs in with, and the only one that is lent to a client. */
export interface OwnKey {
  readonly location: SshLocation;
  readonly privateKey: string;
  /** With which the key opens its repository and nothing else. */
  readonly line: string;
}

/** @throws JobFailure for a repository without a key pair */
export const ownKeyOf = (
  { path }: RepositoryAddress,
  location: SshLocation,
  { id, ownKey, remotePath }: RepositorySecrets,
): OwnKey => {
  if (!ownKey) {
    throw new JobFailure(
      `This repository has no SSH key of its own: make one with POST /api/v1/repositories/${id}/generate_ssh/, and launch again.`,
    );
  }
  const { publicKey, privateKey } = ownKey;
  return { location, privateKey, line: authorizedKeysLine({ publicKey, path, remotePath, repositoryId: id }) };
};

const lineMissing = ({ location: { user, host, port }, line }: OwnKey, problem: string): JobFailure =>
  new JobFailure(
    `${host}:${port} ${problem}. Put this line into the authorized_keys of ${user} on ${host}, in place of any other line ` +
      `with the same key, and launch again: ${line}`,
  );

/**
 * Makes sure, by logging in, that the repository's host takes the key and keeps it to borg.
 * @param why why the line was not installed, if that was tried
 * @throws JobFailure with the line to paste, SshError when the host cannot be reached
 */
export const assertOwnKey = async (options: ConnectionOptions, own: OwnKey, why = ''): Promise<void> => {
  let opensShell = false;
  const logIn = async (): Promise<void> => {
    const session = await openSession(options, own.location, own);
    opensShell = await hasShell(options, session).finally(() => session.close());
  };
  if (!(await succeeds(logIn, 'auth'))) throw lineMissing(own, `does not take this repository's own key${why}`);
  if (opensShell)
    throw lineMissing(own, `gives this repository's own key a shell, which clients would have as well${why}`);
};

/** The key of a repository that is on another host, which a preparation or this login has seen that host take. @throws as `assertOwnKey` */
export const takenOwnKey = async (
  options: ConnectionOptions,
  repository: RepositoryAddress,
  secrets: RepositorySecrets,
): Promise<OwnKey> => {
  const location = parseRepositoryLocation(repository.path);
  if (location.kind === 'local') throw new TypeError('A local repository has no host to log in to');
  const own = ownKeyOf(repository, location, secrets);
  if (!secrets.takesOwnKey && !repository.isOwnKeySeen) await assertOwnKey(options, own);
  return own;
};
