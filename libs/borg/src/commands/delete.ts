import { AppError } from '@cyborgbackup/kernel';
import { commonOptions, type CommonOptions } from './common.ts';
import { checkArchiveName } from './repository-location.ts';

export interface DeleteOptions extends CommonOptions {
  readonly repository: string;
  /** At least one: without a name borg would delete the whole repository. */
  readonly archives: readonly string[];
}

/** Deletes archives. Space is freed by a later compact. @throws AppError('validation') without an archive */
export const deleteCommand = (options: DeleteOptions): string[] => {
  if (options.archives.length === 0) throw new AppError('validation', 'Name the archives to delete.');
  return ['delete', ...commonOptions(options), '--', options.repository, ...options.archives.map(checkArchiveName)];
};
