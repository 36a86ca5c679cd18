/** Another host's `/`, mounted read-only with sshfs while a command runs in it. */
export interface SshMount {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** The mount's folder is named by it. Always the same for a host, since borg's files cache knows files by full path. */
  readonly name: string;
  /** The command of the sftp server there, for example with sudo. Default: the subsystem `sftp`. */
  readonly sftpServer?: string | undefined;
}
