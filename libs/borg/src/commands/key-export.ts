import { commonOptions, type CommonOptions } from './common.ts';

export interface KeyExportOptions extends CommonOptions {
  readonly repository: string;
}

/**
 * Prints borg's key of a repository, still locked by its passphrase, to standard output. Fails with the message id
 * `UnencryptedRepo` where there is none, and with `KeyfileNotFoundError` where the key file is on another host.
 */
export const keyExportCommand = (options: KeyExportOptions): string[] => [
  'key',
  'export',
  ...commonOptions(options),
  '--',
  options.repository,
];
