import { commonOptions, type CommonOptions, flag, option } from './common.ts';

export interface InitOptions extends CommonOptions {
  /** From `toBorgUrl` or `repositoryPathOnHost`. */
  readonly repository: string;
  readonly encryption:
    'none' | 'repokey' | 'repokey-blake2' | 'keyfile' | 'keyfile-blake2' | 'authenticated' | 'authenticated-blake2';
  readonly appendOnly?: boolean;
  /** For example `100G`. */
  readonly storageQuota?: string | undefined;
  readonly makeParentDirs?: boolean;
}

/** Creates a repository. Fails with `Repository.AlreadyExists` when there is one. */
export const initCommand = (options: InitOptions): string[] => [
  'init',
  ...commonOptions(options),
  ...option('encryption', options.encryption),
  ...flag('append-only', options.appendOnly),
  ...option('storage-quota', options.storageQuota),
  ...flag('make-parent-dirs', options.makeParentDirs),
  '--',
  options.repository,
];
