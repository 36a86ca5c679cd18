#!/bin/sh
# Mounts a client's `/` with sshfs while borg runs; see docs/decisions/0015-pull-reads-through-a-mount.md. Comes after borg.sh and
# after the parameters `mount_name` and `mount_mode` (ro or rw); the next line is
# `mount_client SSHFS...`, the sshfs command without what only this script knows. Ends with 120 when the mount cannot be made
# and with 125 when it broke; explain-failure.ts knows both.
# shellcheck disable=SC2154,SC2034 # `tmp` and `status` are of supervise.sh

refuse() { echo "cyborgbackup: $1" >&2; exit 120; }
is_mounted() { mount | grep -qF " on $mnt "; }
unmount() {
  { fusermount3 -u -z "$mnt" || fusermount -u -z "$mnt" || umount -l "$mnt" || umount -f "$mnt"; } >/dev/null 2>&1
}
pause() { sleep 0.1 2>/dev/null || sleep 1; }

# The mount is in a folder that only the account may enter, and never below `$tmp`, which is removed with all that is in it.
# A mount that a killed script left there is unmounted first. A script that is still ending must not unmount the mount of its
# successor, so a file names the owner.
make_mount_point() {
  command -v sshfs >/dev/null || refuse 'sshfs is not installed on this host'
  mounts=/tmp/cyborgbackup-$(id -u)
  mkdir -m 700 "$mounts" 2>/dev/null
  # shellcheck disable=SC3067 # dash, bash and busybox have -O
  { [ -d "$mounts" ] && [ ! -L "$mounts" ] && [ -O "$mounts" ]; } || refuse "$mounts belongs to another account"
  # As the kernel calls it, which borg-script.ts compares with where borg is started.
  mnt=$(cd -P -- "$mounts" && pwd -P)/$mount_name
  export CYBORGBACKUP_MOUNT="$mnt"
  ! is_mounted || unmount
  [ -d "$mnt" ] || mkdir -m 700 "$mnt" || refuse "the folder $mnt cannot be made"
  echo "$tmp" >"$mnt.owner"
}

# A client says which of its files are links and where they lead, and the kernel would follow them to files of this host. So the
# mount is one in which no link is followed, where root may say so to Linux (5.10); and as links are stored and not followed then,
# sshfs need not hide those that lead out of the mount, as newer ones do (and do still where there is no such flag).
forbid_links() {
  mount -o "remount,bind,nosymfollow,nosuid,nodev,$1" "$mnt" &&
    grep -F " $mnt " /proc/self/mountinfo | grep -q '[ ,]nosymfollow[ ,]'
}
can_forbid_links() {
  [ "$(id -u)" = 0 ] && mount --bind "$mnt" "$mnt" || return
  forbid_links rw
  set -- "$?"
  umount "$mnt" && return "$1"
}

# Becomes sshfs. Its process id is written first, so either unmount_client ends it or it is not started any more.
start_sshfs() {
  # shellcheck disable=SC2016 # the new shell expands it, which has the process id of sshfs
  exec sh -c 'echo "$$" >"$1/sshfs.pid" && [ ! -e "$1/unmounting" ] && shift && exec "$@"' sh "$tmp" "$@"
}

# When sshfs ends by itself, the connection to the client is broken: borg would go on with a warning for each file that it
# cannot read, and make an archive without them. So the supervisor gets an event that stops borg, as at the end of our input.
# (The pipe is opened for reading too: then its writer does not block when the reader is gone.)
run_sshfs() {
  start_sshfs "$@" -o "ssh_command=$CYBORGBACKUP_SSH" "$mnt" >"$tmp/sshfs.log" 2>&1 &
  wait "$!"
  : >"$tmp/mount-lost"
  [ -e "$tmp/unmounting" ] || echo lost 1<>"$tmp/events"
}

# Sshfs mounts before it connects; looking into the mount waits for the connection.
await_connection() {
  until is_mounted; do
    [ -d "$tmp" ] && [ ! -e "$tmp/mount-lost" ] || return
    pause
  done
  ls -d "$mnt/." && : >"$tmp/mounted"
}

# Until the supervisor listens, the end of our input is watched for here.
await_end_of_input() {
  while IFS= read -r _; do :; done
  : >"$tmp/released"
}

# The helpers hold our output open: a run would not end before one that is left.
stop_helpers() {
  # shellcheck disable=SC2086 # one word for each pid
  [ -z "$helpers" ] || kill -KILL $helpers 2>/dev/null
  helpers=''
}

mount_client() {
  make_mount_point
  may_follow=yes
  if can_forbid_links >/dev/null 2>&1; then
    may_follow=
    ! sshfs --help 2>&1 | grep -q no_contain_symlinks || set -- "$@" -o no_contain_symlinks
  fi
  run_sshfs "$@" </dev/null >/dev/null 2>&1 3<&- &
  mounter=$!
  await_connection >/dev/null 2>&1 3<&- &
  helpers=$!
  await_end_of_input <&3 >/dev/null 2>&1 3<&- &
  helpers="$helpers $!"
  until [ -e "$tmp/mounted" ] || [ -e "$tmp/mount-lost" ]; do
    [ ! -e "$tmp/released" ] || exit 143
    pause
  done
  [ ! -e "$tmp/mount-lost" ] || { print_client_log; refuse "$(tail -n 1 "$tmp/sshfs.log")"; }
  stop_helpers
  [ -n "$may_follow" ] || forbid_links "$mount_mode" || refuse 'its links cannot be kept from being followed'
}

# An archive made while the connection broke cannot be trusted, even if borg reports success.
check_mount() {
  if [ -e "$tmp/mount-lost" ] || ! ls -d "$mnt/." >/dev/null 2>&1; then status=125; fi
}
after_command="$after_command check_mount"

# Ends sshfs, which takes its mount away, and makes sure of both.
unmount_client() {
  [ -n "$mounter" ] || return 0
  cd / || return 0
  : >"$tmp/unmounting"
  stop_helpers
  sshfs=$(cat "$tmp/sshfs.pid" 2>/dev/null)
  kill -TERM "$sshfs" 2>/dev/null
  if [ "$(cat "$mnt.owner" 2>/dev/null)" = "$tmp" ]; then
    ! is_mounted || unmount
    rmdir "$mnt" 2>/dev/null
    rm -f "$mnt.owner"
  fi
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ ! -e "$tmp/mount-lost" ] || { wait "$mounter"; return 0; }
    pause
  done
  kill -KILL "$sshfs" 2>/dev/null
}
mounter='' helpers=''
before_exit="$before_exit unmount_client"
