import { quoteArgv } from '../shell/quote.ts';

/** The host whose program's output is backed up by a borg elsewhere. */
export interface DumpTarget {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** Run as root through `sudo -n`. */
  readonly sudo?: boolean;
  /** Of the program there. Not for secrets. */
  readonly env?: Readonly<Record<string, string>>;
}

const WITH_PATH = 'export PATH="$PATH:/usr/local/bin:/usr/bin:/bin"; exec "$@"';

/**
 * The argument vector that runs a program on another host, for `DumpSource.command` of a borg command with known hosts and
 * an agent. Its input and output pass through; its exit status is ours, and a broken connection is a failure (255).
 */
export const dumpOverSsh = (target: DumpTarget, argv: readonly string[]): readonly string[] => {
  const env = Object.entries(target.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const there = [
    ...(target.sudo ? ['sudo', '-n'] : []),
    ...(env.length > 0 ? ['env', ...env] : []),
    ...['sh', '-c', WITH_PATH, 'sh'],
    ...argv,
  ];
  const script = 'exec $CYBORGBACKUP_SSH -p "$1" -l "$2" -- "$3" "$4"';
  return ['sh', '-c', script, 'sh', String(target.port), target.user, target.host, `exec ${quoteArgv(there)}`];
};
