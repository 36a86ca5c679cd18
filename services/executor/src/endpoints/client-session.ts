import {
  readScript,
  runCommand,
  sshRunner,
  type BorgRunner,
  type ForwardableAgent,
  type SshSession,
} from '@cyborgbackup/borg';
import type { ConnectionOptions, JobContext } from '../job/job-context.ts';
import { clientOf } from '../job/job-plan.ts';
import type { BackedUpHost } from './borg-endpoint.ts';
import { clockDifference, tellClockDifference } from './clock-difference.ts';
import { parseOpenssh } from './openssh-version.ts';
import { clientLogin, type Login } from './secrets.ts';
import { openSession } from './ssh-session.ts';

/** A client that we are logged in to as the backup user. Closing it closes the connection. */
export interface ClientSession extends AsyncDisposable {
  readonly ssh: SshSession;
  readonly login: Login;
  /** With root's rights, where the account has them or may get them by sudo. */
  readonly runner: BorgRunner;
  readonly sudo: boolean;
  readonly isRoot: boolean;
  /** Of the OpenSSH client there, for example `9.2`; undefined when there is none. */
  readonly opensshVersion: string | undefined;
  /** Seconds that its clock is ahead of ours. */
  readonly clockDifference: number;
  /** The program of the sftp server there, when it was found. */
  readonly sftpServer: string | undefined;
}

const PROBE = readScript(new URL('./probe-client.sh', import.meta.url));

const field = (text: string, name: string): string | undefined => new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1];

/**
 * Logs in to a client. A backup user who is not root becomes root by sudo where that asks for no password.
 * @throws SshError, JobFailure
 */
export const openClientSession = async (
  options: ConnectionOptions,
  { hostname, port, user }: Omit<BackedUpHost, 'uuid'>,
  agent?: ForwardableAgent,
): Promise<ClientSession> => {
  const login = await clientLogin(options.deps);
  const target = { user: user ?? login.user, host: hostname, port };
  const ssh = await openSession(options, target, { privateKey: login.privateKey }, agent);
  try {
    const from = Date.now();
    const { stdout } = await runCommand(sshRunner(ssh), ['sh', '-c', PROBE], { signal: options.signal });
    const difference = clockDifference(field(stdout, 'clock'), { from, to: Date.now() });
    tellClockDifference(hostname, difference, options);
    const sudo = field(stdout, 'sudo') === 'yes';
    return {
      ssh,
      login,
      runner: sshRunner(ssh, { sudo }),
      sudo,
      isRoot: sudo || field(stdout, 'uid') === '0',
      opensshVersion: parseOpenssh(field(stdout, 'ssh') ?? ''),
      clockDifference: difference,
      sftpServer: field(stdout, 'sftp'),
      [Symbol.asyncDispose]: () => ssh.close(),
    };
  } catch (error) {
    await ssh.close();
    throw error;
  }
};

/** Logs in to the client of a job, and says so. @throws SshError, JobFailure */
export const openJobClient = (context: JobContext): Promise<ClientSession> => {
  const client = clientOf(context.plan);
  context.output.write('verbose', `Connecting to ${client.hostname}:${client.port}`);
  return openClientSession(context, client);
};
