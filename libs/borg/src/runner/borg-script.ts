import type { RemoteScript } from './borg-runner.ts';
import { exportLines } from '../shell/script.ts';
import { leashScript } from './supervised-script.ts';
import { quote } from '../shell/quote.ts';
import { mountParts, type SshMount } from './ssh-mount.ts';
import { SHOW_SSH_LOGS, sshSetup } from './ssh-setup.ts';

export interface BorgCommand {
  /** Borg's arguments, without `borg` itself, from one of the builders in commands/. */
  readonly argv: readonly string[];
  /** Borg reads it from a pipe. Absent for an unencrypted repository. */
  readonly passphrase?: string | undefined;
  /**
   * Lines for ssh on the host where borg runs, with the repository host's key (see `knownHostsLine`). Only that key is
   * accepted. Absent: the account's own known hosts count.
   */
  readonly knownHosts?: readonly string[] | undefined;
  /** Where borg is started: what it extracts goes there. Must exist. Default: the account's home folder. */
  readonly directory?: string | undefined;
  /**
   * A folder in which borg is started, made for it, anew if it is there already; removed at the end, however that comes,
   * unless borg succeeded. Excludes `directory`.
   */
  readonly scratch?: string | undefined;
  /** Another host's files, mounted for the time of the command; borg is started in them. Excludes `directory`. */
  readonly mount?: SshMount | undefined;
  /** An agent's socket on the host where borg runs (see `startLocalAgent`). Not for a forwarded agent. */
  readonly agentSocket?: string | undefined;
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

/** Tells the process id, then becomes borg. The caller's environment is for borg alone, not for our script. */
const announced = (env: Readonly<Record<string, string>>, more: readonly string[]): string[] => {
  const lines = [...exportLines(env), ...more, `printf "${PID_MARKER} %s\\n" "$$" >&2`, 'exec "$@"'];
  return ['sh', '-c', lines.join('; '), 'sh', 'borg'];
};

/** Borg's success, with or without warnings, keeps the folder; see exit-codes.ts. */
const SCRATCH_CLEANUP =
  'case ${status-} in 0|1|10?|11[0-8]) ;; *) [ -z "${scratch-}" ] || { cd /; rm -rf -- "$scratch"; } ;; esac';

const scratchSetup = (folder: string): readonly string[] => [
  `status= scratch=${quote(folder)}`,
  'rm -rf -- "$scratch" && mkdir -m 700 -- "$scratch" && cd -- "$scratch" || exit 124',
];

/**
 * The script that runs one borg command on the host it is sent to, and ends with borg's own exit status (128 and the
 * signal's number when a signal ended it).
 * @throws AppError('validation') for arguments that no program can be given
 */
export const borgScript = (command: BorgCommand): RemoteScript => {
  const { argv, passphrase, knownHosts, directory, scratch, mount, agentSocket, env = {}, input } = command;
  const secrets: Record<string, string> = {};
  const setup = [...exportLines(ENVIRONMENT), ...sshSetup(knownHosts, agentSocket)];
  if (directory !== undefined) setup.push(`cd -- ${quote(directory)} || exit 124`);
  if (scratch !== undefined) setup.push(...scratchSetup(scratch));
  const mounted = mountParts(mount, env);
  setup.push(...mounted.setup);
  if (passphrase !== undefined) {
    secrets['cyborg_passphrase'] = passphrase;
    setup.push('supply passphrase "$cyborg_passphrase"', 'export BORG_PASSPHRASE_FD=4');
  }
  if (input !== undefined) {
    secrets['cyborg_input'] = input;
    setup.push('supply input "$cyborg_input"');
  }
  const redirections = [
    input === undefined ? '</dev/null' : '<"$tmp/input"',
    passphrase === undefined ? '' : '4<"$tmp/passphrase"',
  ].join(' ');
  return {
    script: leashScript({
      setup,
      argv: [...announced(env, mounted.enter), ...argv],
      teardown: [...SHOW_SSH_LOGS, ...mounted.teardown],
      cleanup: [...(scratch === undefined ? [] : [SCRATCH_CLEANUP]), ...mounted.cleanup],
      redirections,
    }),
    secrets,
  };
};
