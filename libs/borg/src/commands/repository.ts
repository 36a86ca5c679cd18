import { archiveLocation } from './repository-location.ts';
import { commonOptions, type CommonOptions, flag, option } from './options.ts';

/** Creates a repository. Fails with `Repository.AlreadyExists` when there is one. */
export const initCommand = (
  options: CommonOptions & {
    readonly encryption:
      'none' | 'repokey' | 'repokey-blake2' | 'keyfile' | 'keyfile-blake2' | 'authenticated' | 'authenticated-blake2';
    readonly makeParentDirs?: boolean;
  },
): string[] => [
  'init',
  ...commonOptions(options),
  ...option('encryption', options.encryption),
  ...flag('make-parent-dirs', options.makeParentDirs),
  '--',
  options.repository,
];

/** Sizes and facts of a repository or an archive as JSON (see `parseRepositoryInfo`, `parseArchiveInfo`). */
export const infoCommand = ({
  archive,
  ...options
}: CommonOptions & { readonly archive?: string | undefined }): string[] => [
  'info',
  ...commonOptions(options),
  '--json',
  '--',
  archive === undefined ? options.repository : archiveLocation(options.repository, archive),
];

export interface CheckCommandOptions extends CommonOptions {
  /** Default: both the repository's structure and the archives' metadata. */
  readonly only?: 'repository' | 'archives' | undefined;
  /** Read and verify all data, which takes as long as restoring everything. */
  readonly verifyData?: boolean;
}

/** Checks without repairing. */
export const checkCommand = (options: CheckCommandOptions): string[] => [
  'check',
  ...commonOptions(options),
  '--progress',
  ...flag('repository-only', options.only === 'repository'),
  ...flag('archives-only', options.only === 'archives'),
  ...flag('verify-data', options.verifyData),
  '--',
  options.repository,
];

/** Frees the space that prune and delete gave up. Needs borg 1.2. */
export const compactCommand = (options: CommonOptions): string[] => [
  'compact',
  ...commonOptions(options),
  '--progress',
  '--',
  options.repository,
];

/**
 * Prints borg's key of a repository, still locked by its passphrase, to standard output. Fails with the message id
 * `UnencryptedRepo` where there is none, and with `KeyfileNotFoundError` where the key file is on another host.
 */
export const keyExportCommand = (options: CommonOptions): string[] => [
  'key',
  'export',
  ...commonOptions(options),
  '--',
  options.repository,
];
