import { AppError } from '@cyborgbackup/kernel';
import type { RemoteScript } from './borg-runner.ts';
import { quote, quoteArgv } from './quote.ts';

export interface BorgCommand {
  /** Borg's arguments, without `borg` itself, from one of the builders in commands/. */
  readonly argv: readonly string[];
  /** Borg reads it from a pipe. Absent for an unencrypted repository. */
  readonly passphrase?: string | undefined;
  /**
   * Lines for ssh on the host where borg runs, with the repository host's key (see `knownHostsLine`). Only that key is
   * accepted. Absent for a repository on the same host.
   */
  readonly knownHosts?: readonly string[] | undefined;
  /** More of borg's environment, for example `TZ`. Not for secrets. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Given to borg's standard input, thus to a dump it starts (`--content-from-command`): credentials, never stored. */
  readonly input?: string | undefined;
}

/** The line that tells the process id of borg, first on standard error. */
export const PID_MARKER = 'cyborgbackup-pid';

/** Answers that borg would ask for on a terminal; machine-readable codes; one time zone and encoding everywhere. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
  BORG_EXIT_CODES: 'modern',
};

const SSH_OPTIONS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'GlobalKnownHostsFile=/dev/null',
  'UpdateHostKeys=no',
  'ForwardAgent=no',
  'ConnectTimeout=15',
  'ServerAliveInterval=10',
  'ServerAliveCountMax=6',
];

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const exportLine = (env: Readonly<Record<string, string>>): string => {
  const bad = Object.keys(env).find((name) => !NAME.test(name));
  if (bad !== undefined) throw new AppError('validation', `"${bad}" is not the name of an environment variable.`);
  return `export ${Object.entries(env)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .join(' ')}`;
};

const knownHostsLines = (lines: readonly string[]): string[] => [
  `printf '%s\\n' ${quoteArgv(lines)} >"$tmp/known_hosts"`,
  `export BORG_RSH="ssh ${SSH_OPTIONS.map((option) => `-o ${option}`).join(' ')} -o UserKnownHostsFile=$tmp/known_hosts"`,
];

/** Secrets go through pipes, written by printf; were that a program, they would show in the process list. */
const PRELUDE = `
case $(command -v printf) in printf) ;; *) echo 'cyborgbackup: this sh has no printf of its own' >&2; exit 97 ;; esac
export PATH="$PATH:/usr/local/bin:/usr/bin:/bin"
exec 3<&0 </dev/null
tmp= borg= leash= feeders=
trap 'rm -rf "$tmp"' EXIT
tmp=$(mktemp -d /tmp/cyborgbackup.XXXXXXXXXX) || exit 98
supply() { mkfifo -m 600 "$tmp/$1" && { printf %s "$2" >"$tmp/$1" 3<&- & } && feeders="$feeders $!"; }
alone=; command -v setsid >/dev/null && alone=setsid
stop() {
  kill -TERM "$borg" 2>/dev/null
  for _ in 1 2 3 4 5; do sleep 1; kill -0 "$borg" 2>/dev/null || break; done
  kill -KILL "\${alone:+-}$borg" 2>/dev/null
}
trap 'stop; exit 143' HUP INT TERM`;

/**
 * Borg is started in a session of its own (where setsid exists), so that the last resort takes what it started along.
 * Leash: one process reports every line of our input, another a tick every five seconds; a third stops borg at the input's
 * end or after twelve ticks without a line. They end by themselves once nobody listens.
 */
const leashed = (redirections: string, argv: readonly string[]): string => `
$alone sh -c 'printf "${PID_MARKER} %s\\n" "$$" >&2; exec "$@"' sh ${quoteArgv(['borg', ...argv])} ${redirections} 3<&- &
borg=$!
{
  while sleep 5; do echo tick; done 3<&- &
  while IFS= read -r _; do echo line; done <&3
  echo end
} 2>/dev/null | {
  ticks=0
  while IFS= read -r event; do
    case $event in line) ticks=0 ;; tick) ticks=$((ticks + 1)) ;; *) break ;; esac
    [ "$ticks" -lt 12 ] || break
  done
  stop
} >/dev/null 2>&1 3<&- &
leash=$!
exec 3<&-
wait "$borg"
status=$?
kill $leash $feeders 2>/dev/null
[ -z "$alone" ] || kill -TERM "-$borg" 2>/dev/null
exit "$status"`;

/**
 * The script that runs one borg command on the host it is sent to, and ends with borg's own exit status (128 and the
 * signal's number when a signal ended it).
 * @throws AppError('validation') for arguments that no program can be given
 */
export const buildBorgCommand = (command: BorgCommand): RemoteScript => {
  const { argv, passphrase, knownHosts, env = {}, input } = command;
  const secrets: Record<string, string> = {};
  const lines: string[] = [];
  if (passphrase !== undefined) {
    secrets['cyborg_passphrase'] = passphrase;
    lines.push('supply passphrase "$cyborg_passphrase"', 'export BORG_PASSPHRASE_FD=4');
  }
  if (input !== undefined) {
    secrets['cyborg_input'] = input;
    lines.push('supply input "$cyborg_input"');
  }
  const redirections = [
    input === undefined ? '</dev/null' : '<"$tmp/input"',
    ...(passphrase === undefined ? [] : ['4<"$tmp/passphrase"']),
  ];
  const script = [
    PRELUDE,
    exportLine({ ...ENVIRONMENT, ...env }),
    ...(knownHosts && knownHosts.length > 0 ? knownHostsLines(knownHosts) : []),
    ...lines,
    leashed(redirections.join(' '), argv),
  ];
  return { script: script.join('\n').trim(), secrets };
};
