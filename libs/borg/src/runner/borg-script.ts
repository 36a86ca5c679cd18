import { MOUNT_FAILED } from '../explain/explain-failure.ts';
import { quote } from '../shell/quote.ts';
import { assignLines, exportLines, readScript } from '../shell/script.ts';
import type { RemoteScript } from './borg-runner.ts';
import { confiningEnv, confiningWords, type Confinement } from './confine.ts';
import { mountLines, type SshMount } from './ssh-mount.ts';
import { commandInput, supervisedScript } from './supervised-script.ts';

export interface BorgCommand {
  /** The borg to start, by name or path. Default: `borg`. */
  readonly program?: string | undefined;
  /** Borg's arguments, without `borg` itself, from one of the builders in commands/. */
  readonly argv: readonly string[];
  /** Borg reads it from a pipe. Absent for an unencrypted repository. */
  readonly passphrase?: string | undefined;
  /** Default: a repository without encryption that borg does not know from before is refused before anything is written to it. */
  readonly mayBeUnencrypted?: boolean | undefined;
  /**
   * Lines for ssh on the host where borg runs, with the repository host's key (see `knownHostsLine`). Only that key is
   * accepted. Absent: the account's own known hosts count.
   */
  readonly knownHosts?: readonly string[] | undefined;
  /** Where borg is started: what it extracts goes there. Must exist. Default: the account's home folder. */
  readonly directory?: string | undefined;
  /**
   * A folder in which borg is started, made for it, anew if it is there already; removed at the end
   * unless borg succeeded. See docs/decisions/0017-restores-go-through-a-private-folder.md. Excludes `directory`.
   */
  readonly scratch?: string | undefined;
  /** Another host's files, mounted for the time of the command; borg is started in them. Excludes `directory`. */
  readonly mount?: SshMount | undefined;
  /** For a command that writes what an archive says: it can write to the folder that it is started in alone. */
  readonly confine?: Confinement | undefined;
  /** An agent's socket on the host where borg runs (see `startLocalAgent`). Not for a forwarded agent. */
  readonly agentSocket?: string | undefined;
  /** More of borg's environment, for example `TZ`. Not for secrets. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * How borg names itself in the locks that it takes, with `@` and this host's name after it. A lock is stale for borg itself when
   * its holder had the same name, on this host, and does not run any more. Default: the host alone.
   */
  readonly lockOwner?: string | undefined;
  /** Standard input of borg and of a dump that it starts (`--content-from-command`): credentials, which are never stored. */
  readonly input?: string | undefined;
}

/** Enters a folder of a mount. Whose files those are may have made it a link to a folder of this host. */
const ENTER = [
  `cd -- "$CYBORGBACKUP_MOUNT/$1" || exit ${MOUNT_FAILED}`,
  'case $(pwd -P)/ in "$CYBORGBACKUP_MOUNT"/*) ;; ' +
    `*) echo "cyborgbackup: its folder $1 leads to $(pwd -P) on this host" >&2; exit ${MOUNT_FAILED} ;; esac`,
  'shift',
];

const SCRIPT = readScript(new URL('./borg.sh', import.meta.url));

/** What borg is told when it asks whether to use an unknown repository without encryption; nothing for no. */
const unencryptedAnswer = ({ mayBeUnencrypted, passphrase }: BorgCommand): string | undefined =>
  mayBeUnencrypted || passphrase === undefined ? 'yes' : undefined;

const lockOwnerLines = ({ lockOwner }: BorgCommand): readonly string[] =>
  lockOwner === undefined ? [] : [`export BORG_HOST_ID=${quote(lockOwner)}@"\${BORG_HOST_ID:-$(uname -n)}"`];

/**
 * The script that runs one borg command on the host it is sent to, and ends with borg's own exit status (128 and the
 * signal's number when a signal ended it).
 * @throws AppError('validation') for arguments that no program can be given
 */
export const borgScript = (command: BorgCommand): RemoteScript => {
  const { program = 'borg', argv, passphrase, knownHosts, directory, scratch, mount, confine, agentSocket } = command;
  const { env = {}, input } = command;
  const given = commandInput(input);
  const hosts = { known_hosts: knownHosts?.join('\n'), agent_socket: agentSocket };
  const parameters = { ...hosts, may_be_unencrypted: unencryptedAnswer(command), directory, scratch };
  // The paths that borg stores of a mount are relative to the client's root, as in a backup made there.
  const folder = mount ? [`./${mount.folder ?? '/'}`] : [];
  const enter = mount ? ENTER : [];
  // The caller's environment is for borg alone, not for our script.
  const exports = exportLines({ ...env, ...confiningEnv(confine) });
  const start = [...exports, ...lockOwnerLines(command), ...enter, 'exec "$@"'].join('; ');
  const setup = [
    ...assignLines(parameters),
    SCRIPT,
    ...(confine ? ['export CYBORGBACKUP_TMP="$tmp"'] : []),
    ...(mount ? mountLines(mount, env) : []),
    // Secrets come last: an exit before the command is started would leave their writers waiting for a reader.
    ...(passphrase === undefined ? [] : ['supply passphrase "$cyborg_passphrase"', 'export BORG_PASSPHRASE_FD=4']),
    ...given.lines,
  ];
  return {
    script: supervisedScript(['sh', '-c', start, 'sh', ...folder, ...confiningWords(confine), program, ...argv], {
      setup,
    }),
    secrets: { cyborg_passphrase: passphrase, ...given.secrets },
  };
};
