import { AppError } from '@cyborgbackup/kernel';
import { bracketed } from '../commands/repository-location.ts';
import { quoteArgv } from '../shell/quote.ts';
import { assignLines, readScript } from '../shell/script.ts';

/** Another host's `/`, mounted with sshfs for a command. See docs/decisions/0015-pull-reads-through-a-mount.md. */
export interface SshMount {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /**
   * Letters, digits and hyphens; the mount's folder is named by it. Always the same for a host, since borg's files cache
   * knows files by their full path.
   */
  readonly name: string;
  /** The command of the sftp server there, for example with sudo. Default: the subsystem `sftp`. */
  readonly sftpServer?: string | undefined;
  /** For a restore; otherwise the mount is read-only. */
  readonly writable?: boolean;
  /** Where the command is started: a folder of the mounted host, which must exist. Default: `/`. */
  readonly folder?: string | undefined;
}

const SCRIPT = readScript(new URL('./ssh-mount.sh', import.meta.url));

/** Lines of a script after borg.sh that mount the files. @throws AppError('validation') for a bad name or path */
export const mountLines = (mount: SshMount, env: Readonly<Record<string, string>>): readonly string[] => {
  const { user, host, port, name, sftpServer, writable = false } = mount;
  if (!/^[A-Za-z0-9-]+$/.test(name)) throw new AppError('validation', 'A mount needs a plain name.');
  // A comma would end an option of sshfs.
  if (sftpServer?.includes(',')) throw new AppError('validation', 'The path of the sftp server holds a comma.');
  const sshfs = [
    ...['env', ...Object.entries(env).map(([key, value]) => `${key}=${value}`)],
    ...['sshfs', '-f', ...(writable ? [] : ['-o', 'ro'])],
    ...(sftpServer === undefined ? [] : ['-o', `sftp_server=${sftpServer}`]),
    ...['-p', String(port), `${user}@${bracketed(host)}:/`],
  ];
  return [
    ...assignLines({ mount_name: name, mount_mode: writable ? 'rw' : 'ro' }),
    SCRIPT,
    `mount_client ${quoteArgv(sshfs)}`,
  ];
};
