import { loginLine } from '../shell/login-line.ts';
import { quoteArgv } from '../shell/quote.ts';
import { readScript, WITH_PATH } from '../shell/script.ts';

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

const SCRIPT = readScript(new URL('./dump-over-ssh.sh', import.meta.url));
const START = 'cyborgbackup-start';

/**
 * The argument vector that runs a program on another host, for `DumpSource.command` of a borg command with known hosts and
 * an agent. Its input and output pass through; its exit status is ours, and a broken connection is a failure (255).
 */
export const dumpOverSsh = (target: DumpTarget, argv: readonly string[]): readonly string[] => {
  const env = Object.entries(target.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const there = [
    ...(target.sudo ? ['sudo', '-n'] : []),
    ...(env.length > 0 ? ['env', ...env] : []),
    ...['sh', '-c', `${WITH_PATH}; exec "$@"`, 'sh'],
    ...argv,
  ];
  const line = loginLine(`${WITH_PATH}\necho ${START}\nexec ${quoteArgv(there)}`);
  const ssh = ['-p', String(target.port), '-l', target.user, '--', target.host, line];
  return ['sh', '-c', SCRIPT, 'sh', START, ...ssh];
};
