import { runCommand, sshRunner, type BorgRunner, type ForwardableAgent, type SshSession } from '@cyborgbackup/borg';
import type { ConnectionOptions } from './connection-options.ts';
import { openSession } from './open-session.ts';
import { parseOpenssh } from './openssh-version.ts';
import { clientLogin, type Login } from './secrets.ts';

export interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** A client that we are logged in to as the backup user. */
export interface ClientSide {
  readonly session: SshSession;
  readonly login: Login;
  /** With root's rights, where the account has them or may get them by sudo. */
  readonly runner: BorgRunner;
  readonly sudo: boolean;
  readonly isRoot: boolean;
  /** Of the OpenSSH client there, for example `9.2`; undefined when there is none. */
  readonly opensshVersion: string | undefined;
  /** The program of the sftp server there, when it was found. */
  readonly sftpServer: string | undefined;
}

const PROBE = `
echo "uid=$(id -u)"
echo "ssh=$(ssh -V 2>&1)"
[ "$(id -u)" = 0 ] || ! sudo -n true >/dev/null 2>&1 || echo sudo=yes
for server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server \\
  /usr/libexec/sftp-server /usr/lib/sftp-server; do
  [ ! -x "$server" ] || { echo "sftp=$server"; break; }
done`;

const field = (text: string, name: string): string | undefined => new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1];

/**
 * Logs in to a client. A backup user who is not root becomes root by sudo where that asks for no password.
 * @throws SshError, JobFailure
 */
export const openClient = async (
  options: ConnectionOptions,
  client: Host,
  agent?: ForwardableAgent,
): Promise<ClientSide> => {
  const login = await clientLogin(options.parts);
  const target = { user: login.user, host: client.hostname, port: client.port };
  const session = await openSession(options, target, { privateKey: login.privateKey }, agent);
  try {
    const { stdout } = await runCommand(sshRunner(session), ['sh', '-c', PROBE], { signal: options.signal });
    const sudo = field(stdout, 'sudo') === 'yes';
    return {
      session,
      login,
      runner: sshRunner(session, { sudo }),
      sudo,
      isRoot: sudo || field(stdout, 'uid') === '0',
      opensshVersion: parseOpenssh(field(stdout, 'ssh') ?? ''),
      sftpServer: field(stdout, 'sftp'),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
};
