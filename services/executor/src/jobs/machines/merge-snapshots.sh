# shellcheck shell=sh
# Merges what the machine $1 has written since the snapshot back into its disks; does nothing where there is no snapshot of
# ours. A virsh that is killed leaves its merge to qemu, without an end, and libvirt allows no second one: that one is aborted
# and done again. To be run while the machine's lock is held.
virsh domblklist --details --domain="$1" | while read -r _ device target source; do
  case $device:$source in
    *:*.cyborgbackup)
      virsh blockjob --domain="$1" --path="$target" --abort >/dev/null 2>&1 || :
      virsh blockcommit --domain="$1" --path="$target" --active --pivot --wait >/dev/null && rm -f "$source" || exit ;;
  esac
done
