/** Options that every borg command takes. */
export interface CommonOptions {
  /** How long to wait for the repository's lock, in seconds. Borg's own default is 1. */
  readonly lockWaitSeconds?: number | undefined;
  /** The borg program on the repository's host, when not simply `borg`. */
  readonly remotePath?: string | undefined;
  /** Limits to the repository host, in KiB/s. */
  readonly uploadRateLimit?: number | undefined;
  readonly downloadRateLimit?: number | undefined;
}

type Option = readonly string[];

/** `--name value` when there is a value, as one word so that a value beginning with `-` is no option. */
export const option = (name: string, value: string | number | undefined): Option =>
  value === undefined ? [] : [`--${name}=${value}`];

export const flag = (name: string, on: boolean | undefined): Option => (on ? [`--${name}`] : []);

export const repeated = (name: string, values: readonly string[] | undefined): Option =>
  (values ?? []).flatMap((value) => option(name, value));

/** Machine-readable log and progress on standard error, at the level that has the results of `--list`. */
export const commonOptions = (options: CommonOptions): Option => [
  '--log-json',
  '--info',
  ...option('lock-wait', options.lockWaitSeconds),
  ...option('remote-path', options.remotePath),
  ...option('upload-ratelimit', options.uploadRateLimit),
  ...option('download-ratelimit', options.downloadRateLimit),
];
