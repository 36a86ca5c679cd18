import { quote, quoteArgv } from '../shell/quote.ts';

const SSH_OPTIONS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'UpdateHostKeys=no',
  'ForwardAgent=no',
  'ConnectTimeout=15',
  'ServerAliveInterval=10',
  'ServerAliveCountMax=6',
];

/** Before each line that ssh said on its way to the repository host. */
export const REPOSITORY_SSH_PREFIX = 'ssh to the repository host: ';

/** Before each line that ssh said on its way to a client whose files or dumps are read from elsewhere. */
export const CLIENT_SSH_PREFIX = 'ssh to the client: ';

const sshCommand = (log: string, more: readonly string[]): string =>
  `"ssh ${[...SSH_OPTIONS, ...more].map((option) => `-o ${option}`).join(' ')} -E $tmp/${log}"`;

/**
 * Lines of a leash script that say how ssh logs in from there: `BORG_RSH` to the repository host, `CYBORGBACKUP_SSH` to a
 * client. Without known hosts those of the account count; an unknown host is refused either way.
 */
export const sshSetup = (
  knownHosts: readonly string[] | undefined,
  agentSocket: string | undefined,
): readonly string[] => {
  const hosts =
    knownHosts === undefined ? [] : ['GlobalKnownHostsFile=/dev/null', 'UserKnownHostsFile=$tmp/known_hosts'];
  return [
    ...(knownHosts === undefined ? [] : [`printf '%s\\n' ${quoteArgv(knownHosts)} >"$tmp/known_hosts"`]),
    ...(agentSocket === undefined ? [] : [`export SSH_AUTH_SOCK=${quote(agentSocket)}`]),
    `export BORG_RSH=${sshCommand('ssh.log', hosts)}`,
    `export CYBORGBACKUP_SSH=${sshCommand('client.log', hosts)}`,
  ];
};

const show = (log: string, prefix: string): string =>
  `[ ! -s "$tmp/${log}" ] || tail -c 4096 "$tmp/${log}" | sed 's/^/${prefix}/' >&2`;

/**
 * Ssh's own words go to files and are shown at the end: borg forgets them when the connection ends before it looked. With
 * the prefixes they cannot be mistaken for what a dump says of its own connections.
 */
export const SHOW_SSH_LOGS: readonly string[] = [
  show('ssh.log', REPOSITORY_SSH_PREFIX),
  show('client.log', CLIENT_SSH_PREFIX),
];
