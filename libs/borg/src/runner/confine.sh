# shellcheck shell=sh
# Started by `unshare --mount` as root, in a folder: leaves that folder, what borg itself has to write and those named by
# `$CYBORGBACKUP_WRITABLE` (one a line) writable, and nothing else, and becomes the command in the arguments. Ends with 124 where
# that is not possible; then nothing was started. All of it is gone with the command, and other processes see none of it.
#
# Read-only is not enough against root: device nodes can be written to on a read-only mount, so none works but the harmless ones
# (`nodev`, and a /dev of its own); and /proc leads through other processes to mounts that are writable, so there is none.
# See docs/decisions/0021-an-archive-is-hostile-text.md.
fail() { echo "cyborgbackup: borg cannot be confined: $1" >&2; exit 124; }
# Nothing that follows may reach the mounts of other processes.
mount --make-rprivate / || fail 'its mounts cannot be made private'
here=$(pwd -P && echo .)
here=${here%??}
own=${CYBORGBACKUP_TMP:?}
mkdir -m 755 "$own/proc" "$own/dev" || fail 'there is no room in /tmp'
awk '{ print $5 }' /proc/self/mountinfo >"$own/mounts" || fail 'its mounts are not known'

# Where borg keeps its cache and what it knows of repositories, as it finds them (borg 1.2, helpers/fs.py).
[ -n "$BORG_BASE_DIR" ] && unset XDG_CACHE_HOME XDG_CONFIG_HOME
base=${BORG_BASE_DIR:-${HOME:-/root}}
cache=${BORG_CACHE_DIR:-${XDG_CACHE_HOME:-$base/.cache}/borg}
config=${BORG_CONFIG_DIR:-${XDG_CONFIG_HOME:-$base/.config}/borg}
security=${BORG_SECURITY_DIR:-$config/security}
(umask 077 && mkdir -p -- "$cache" "$security") || fail 'the folders of borg cannot be made'

newline='
'
IFS=$newline
set -f
bound=
for folder in "$here" "$own" "$cache" "$security" $CYBORGBACKUP_WRITABLE; do
  folder=$(cd -P -- "$folder" && pwd -P) || fail "$folder is not there"
  mount --bind -- "$folder" "$folder" || fail "$folder cannot be bound"
  # Devices that the archive has are made here, and do not work while borg runs.
  mount -o remount,bind,nodev -- "$folder" || fail "$folder cannot be bound"
  bound="$bound$folder$newline"
done

for device in null zero full random urandom; do
  [ ! -c "/dev/$device" ] || { : >"$own/dev/$device" && mount --bind "/dev/$device" "$own/dev/$device"; } ||
    fail "/dev/$device cannot be bound"
done
mount --rbind "$own/dev" /dev || fail '/dev cannot be replaced'

# Whether $1 is hidden by what was bound.
is_hidden() {
  for folder in $bound /dev /proc; do case $1/ in "$folder"/*) return 0 ;; esac; done
  return 1
}
while IFS= read -r line; do
  # The kernel writes blanks and such as octal numbers, as printf reads them.
  # shellcheck disable=SC2059
  point=$(printf "$(printf %s "$line" | sed 's/%/%%/g')."); point=${point%.}
  # What cannot be made read-only, such as a mount that is broken, is taken away here; what is not there is no danger.
  is_hidden "$point" || mount -o remount,bind,ro,nodev,nosuid -- "$point" 2>"$own/log" ||
    umount -l -- "$point" 2>"$own/log" || [ ! -e "$point" ] || fail "$point cannot be made read-only"
done <"$own/mounts"
mount -o remount,bind,ro /dev || fail '/dev cannot be made read-only'
# A copy of a read-only mount is read-only; without /proc, mount does not know enough to make it so.
{ mount --bind "$own/proc" "$own/proc" && mount -o remount,bind,ro,nodev "$own/proc"; } || fail 'no empty folder can be made'
mount --bind "$own/proc" /proc || fail '/proc cannot be replaced'
# The folder that we were in is below the old mount.
cd -- "$here" || fail 'its folder is gone'
export TMPDIR="$own"
unset IFS CYBORGBACKUP_TMP CYBORGBACKUP_WRITABLE
exec "$@"
