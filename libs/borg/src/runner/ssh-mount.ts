import { AppError } from '@cyborgbackup/kernel';
import { exportLines } from '../shell/script.ts';
import { quote } from '../shell/quote.ts';
import { CLIENT_SSH_PREFIX } from './ssh-setup.ts';

/** Another host's `/`, mounted with sshfs while a command runs in it. */
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

/** Exit status of a script whose mount could not be made, and of one whose mount broke. */
export const MOUNT_FAILED = 120;
export const MOUNT_LOST = 125;

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The arguments of sshfs, as shell text: what `$CYBORGBACKUP_SSH` holds is made by the script. */
const sshfsWords = ({ user, host, port, sftpServer, writable = false }: SshMount): string => {
  // A comma would end an option of sshfs.
  if (sftpServer?.includes(',')) throw new AppError('validation', 'The path of the sftp server holds a comma.');
  return [
    '-f',
    ...(writable ? [] : ['-o ro']),
    '-o "ssh_command=$CYBORGBACKUP_SSH"',
    ...(sftpServer === undefined ? [] : [`-o ${quote(`sftp_server=${sftpServer}`)}`]),
    `-p ${port}`,
    quote(`${user}@${bracketed(host)}:/`),
    '"$mnt"',
  ].join(' ');
};

/**
 * Lines that mount the files, and watch the mount. It is in a folder that only the account may enter, and never
 * below `$tmp`, which is removed with all that is in it.
 *
 * When sshfs ends by itself, the connection to the client is broken: borg would go on with a warning for each file it then
 * cannot read and make an archive without them. So the leash is told to stop it, as at the end of our input. (Opened for
 * reading too, a pipe that nobody reads any more does not hold the writer.) Sshfs mounts before it connects, hence the look
 * into the mount, which waits for it; meanwhile the end of our input is listened for here.
 *
 * The folder may have been left mounted by a script that was killed; that mount is taken away. A script that still winds up
 * must not take away the mount of the one that came after it, hence the file that names the owner.
 */
const setupLines = (mount: SshMount, env: Readonly<Record<string, string>>): readonly string[] => {
  if (!/^[A-Za-z0-9-]+$/.test(mount.name)) throw new AppError('validation', 'A mount needs a plain name.');
  return `
refuse() { echo "cyborgbackup: $1" >&2; exit ${MOUNT_FAILED}; }
is_mounted() { mount | grep -qF " on $mnt "; }
unmount() { { fusermount3 -u -z "$mnt" || fusermount -u -z "$mnt" || umount -l "$mnt" || umount -f "$mnt"; } >/dev/null 2>&1; }
command -v sshfs >/dev/null || refuse 'sshfs is not installed on this host'
mounts=/tmp/cyborgbackup-$(id -u)
mkdir -m 700 "$mounts" 2>/dev/null
[ -d "$mounts" ] && [ ! -L "$mounts" ] && [ -O "$mounts" ] || refuse "$mounts belongs to somebody else"
export CYBORGBACKUP_MOUNT="$mounts/${mount.name}"
mnt=$CYBORGBACKUP_MOUNT
! is_mounted || unmount
[ -d "$mnt" ] || mkdir -m 700 "$mnt" || refuse "the folder $mnt cannot be made"
echo "$tmp" >"$mnt.owner"
{
  ${exportLines(env).join('')}
  sshfs ${sshfsWords(mount)} </dev/null >"$tmp/sshfs.log" 2>&1 &
  echo "$!" >"$tmp/sshfs.pid"
  wait "$!"
  : >"$tmp/mount-lost"
  [ -e "$tmp/unmounting" ] || echo lost 1<>"$tmp/events"
} </dev/null >/dev/null 2>&1 3<&- &
mounter=$!
{
  until is_mounted || [ -e "$tmp/mount-lost" ]; do sleep 0.1 2>/dev/null || sleep 1; done
  ls -d "$mnt/." && : >"$tmp/mounted"
} >/dev/null 2>&1 3<&- &
{
  while IFS= read -r _; do :; done
  : >"$tmp/released"
} <&3 >/dev/null 2>&1 3<&- &
reader=$!
until [ -e "$tmp/mounted" ]; do
  [ ! -e "$tmp/released" ] || exit 143
  [ ! -e "$tmp/mount-lost" ] || {
    [ ! -s "$tmp/client.log" ] || sed 's/^/${CLIENT_SSH_PREFIX}/' "$tmp/client.log" >&2
    refuse "$(tail -n 1 "$tmp/sshfs.log")"
  }
  sleep 0.1 2>/dev/null || sleep 1
done
kill -KILL "$reader"`
    .trim()
    .split('\n');
};

/** For the shell that becomes borg: the paths it stores are relative to the client's root, as in a backup made there. */
const enter = ({ folder = '/' }: SshMount): readonly string[] => [
  `cd -- "$CYBORGBACKUP_MOUNT"/${quote(`./${folder}`)} || exit ${MOUNT_FAILED}`,
];

/** After borg: an archive made while the connection broke is not one to trust, whatever borg says. */
const CHECK: readonly string[] = [
  `if [ -e "$tmp/mount-lost" ] || ! ls -d "$mnt/." >/dev/null 2>&1; then status=${MOUNT_LOST}; fi`,
];

/** Ends sshfs, which takes its mount away, and makes sure of both. */
const CLEANUP: readonly string[] = `
  [ -n "\${mounter-}" ] || return 0
  cd /
  : >"$tmp/unmounting"
  kill -KILL "\${reader-}" 2>/dev/null
  sshfs=$(cat "$tmp/sshfs.pid" 2>/dev/null)
  kill -TERM "$sshfs" 2>/dev/null
  if [ "$(cat "$mnt.owner" 2>/dev/null)" = "$tmp" ]; then
    ! is_mounted || unmount
    rmdir "$mnt" 2>/dev/null
    rm -f "$mnt.owner"
  fi
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ ! -e "$tmp/mount-lost" ] || { wait "$mounter"; return 0; }
    sleep 0.1 2>/dev/null || sleep 1
  done
  kill -KILL "$sshfs" 2>/dev/null`
  .trim()
  .split('\n');

/** What a mount adds to a leash script. */
export interface MountParts {
  readonly setup: readonly string[];
  /** For the shell that becomes the command. */
  readonly enter: readonly string[];
  readonly teardown: readonly string[];
  readonly cleanup: readonly string[];
}

/** @throws AppError('validation') for a bad name */
export const mountParts = (mount: SshMount | undefined, env: Readonly<Record<string, string>>): MountParts =>
  mount === undefined
    ? { setup: [], enter: [], teardown: [], cleanup: [] }
    : { setup: setupLines(mount, env), enter: enter(mount), teardown: CHECK, cleanup: CLEANUP };
