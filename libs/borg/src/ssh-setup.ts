import { quote, quoteArgv } from './quote.ts';

const SSH_OPTIONS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'UpdateHostKeys=no',
  'ForwardAgent=no',
  'ConnectTimeout=15',
  'ServerAliveInterval=10',
  'ServerAliveCountMax=6',
];

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

/** Ssh's own words go to files and are shown at the end: borg forgets them when the connection ends before it looked. */
export const SHOW_SSH_LOGS: readonly string[] = [
  '[ ! -s "$tmp/ssh.log" ] || tail -c 4096 "$tmp/ssh.log" >&2',
  `[ ! -s "$tmp/client.log" ] || tail -c 4096 "$tmp/client.log" | sed 's/^/${CLIENT_SSH_PREFIX}/' >&2`,
];
