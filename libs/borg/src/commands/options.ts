import { AppError } from '@cyborgbackup/kernel';

/** Options that every borg command takes. */
export interface CommonOptions {
  /** From `toBorgUrl` or `repositoryPathOnHost`. */
  readonly repository: string;
  /** How long to wait for the repository's lock, in seconds. Borg's own default is 1. */
  readonly lockWaitSeconds?: number | undefined;
  /** Limit to the repository host, in KiB/s. */
  readonly uploadRateLimit?: number | undefined;
}

type Words = readonly string[];

/** `--name value` when there is a value, as one word so that a value beginning with `-` is no option. */
export const option = (name: string, value: string | number | undefined): Words =>
  value === undefined ? [] : [`--${name}=${value}`];

export const flag = (name: string, on: boolean | undefined): Words => (on ? [`--${name}`] : []);

export const repeated = (name: string, values: Words | undefined): Words =>
  (values ?? []).flatMap((value) => option(name, value));

/** Machine-readable log and progress on standard error, at the level that has the results of `--list`. */
export const commonOptions = (options: CommonOptions): Words => [
  '--log-json',
  '--info',
  ...option('lock-wait', options.lockWaitSeconds),
  ...option('upload-ratelimit', options.uploadRateLimit),
];

/** Paths taken literally, each with all below it: without the prefix `re:x` or `sh:*` would be a pattern. */
export const literalPaths = (paths: Words = []): Words =>
  paths.map((path) => {
    if (path === '')
      throw new AppError('validation', 'A path to restore is empty; leave the list out to restore everything.');
    return `pp:${path}`;
  });

/** A shell pattern in borg's syntax that matches exactly this text: metacharacters go between brackets. */
export const escapeGlob = (text: string): string => text.replaceAll(/[*?[]/g, '[$&]');
