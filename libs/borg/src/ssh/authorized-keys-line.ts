import { AppError } from '@cyborgbackup/kernel';
import { parseRepositoryLocation } from '../commands/repository-location.ts';
import { parseKey } from './key.ts';
import { quote } from '../shell/quote.ts';

export interface AuthorizedKeysOptions {
  /** One line, as in `authorized_keys` or a `.pub` file. */
  readonly publicKey: string;
  /** The repository's location, for example `borg@nas:backups/main`. */
  readonly path: string;
  /** The program that serves it there, a plain word. Default: `borg`. */
  readonly remotePath?: string | undefined;
  /** What is written stays: deletions can be taken back on the repository's host. */
  readonly appendOnly?: boolean | undefined;
  /** At least 10M; K, M, G, T and P are powers of 1000. */
  readonly storageQuota?: string | undefined;
  readonly repositoryId: number;
}

const QUOTA = /^(\d{1,15}(?:\.\d{1,3})?)([KMGTP]?)$/;
const MIN_QUOTA = 10_000_000;

/** @throws AppError('validation') */
const quotaOptions = (quota: string | undefined): readonly string[] => {
  if (quota === undefined) return [];
  const [, number = '', unit = ''] = QUOTA.exec(quota) ?? [];
  const bytes = Number(number) * 1000 ** ' KMGTP'.indexOf(unit || ' ');
  if (number === '' || bytes < MIN_QUOTA) {
    throw new AppError('validation', 'storage_quota: write a number and a unit, for example 500G; at least 10M.', {
      fields: { storage_quota: ['Write a number and a unit, for example 500G; at least 10M.'] },
    });
  }
  return ['--storage-quota', quota];
};

/** @throws AppError('validation') */
const bareKey = (publicKey: string): string => {
  const [type = '', base64 = ''] = publicKey.trim().split(/\s+/);
  const parsed = parseKey(`${type} ${base64}`);
  if (parsed instanceof Error || parsed.isPrivateKey() || parsed.type !== type) {
    throw new AppError('validation', 'This is not a public SSH key of the form "ssh-ed25519 AAAA…".');
  }
  return `${type} ${base64}`;
};

/**
 * The line for the `authorized_keys` file of the repository's account with which a key opens this repository and nothing
 * else. Inside the double quotes sshd knows one escape only, `\"`; the text between them goes to the account's shell.
 * See docs/decisions/0010-a-key-for-each-repository.md.
 * @throws AppError('validation') for an invalid key, path or quota
 */
export const authorizedKeysLine = (line: AuthorizedKeysOptions): string => {
  const { path } = parseRepositoryLocation(line.path);
  const serve = [
    quote(line.remotePath ?? 'borg'),
    'serve',
    '--restrict-to-repository',
    quote(path),
    ...(line.appendOnly ? ['--append-only'] : []),
    ...quotaOptions(line.storageQuota),
  ].join(' ');
  const command = `command="${serve.replaceAll('"', '\\"')}"`;
  return `${command},restrict ${bareKey(line.publicKey)} cyborgbackup-repository-${line.repositoryId}`;
};
