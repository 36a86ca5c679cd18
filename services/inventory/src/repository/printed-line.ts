import { authorizedKeysLine, parseRepositoryLocation, type AuthorizedKeysOptions } from '@cyborgbackup/borg';
import { AppError } from '@cyborgbackup/kernel';
import type { Repository } from './decider.ts';

/**
 * The line to put into `authorized_keys` on the repository's host.
 * @throws AppError `conflict` for a repository that no key opens; `validation` on `storage_quota`
 */
export const printedLine = (
  { id, fields: { path, remote_path: remotePath }, publicKey }: Repository,
  limits: Pick<AuthorizedKeysOptions, 'appendOnly' | 'storageQuota'>,
): string => {
  if (parseRepositoryLocation(path).kind === 'local') {
    throw new AppError('conflict', 'This repository is a folder on the executors’ own machines: no SSH key opens it.');
  }
  if (publicKey === '') {
    throw new AppError('conflict', 'This repository has no key pair yet: make one with generate_ssh.');
  }
  return authorizedKeysLine({ publicKey, path, remotePath, repositoryId: id, ...limits });
};
