import { JOB_MARKER } from '../../endpoints/job-processes.ts';
import type { VmProvider } from './vm-provider.ts';

/**
 * Merges what was written since the snapshot back into the disks. Does nothing where there is no snapshot of ours. A virsh that
 * is killed leaves its merge to qemu, without an end, and libvirt allows no second one: that one is given up, and done again.
 * To be run with the machine's lock.
 */
const SETTLE = `
virsh domblklist --details "$1" | while read -r _ device target source; do
  case $device:$source in
    *:*.cyborgbackup)
      virsh blockjob "$1" "$target" --abort >/dev/null 2>&1 || :
      virsh blockcommit "$1" "$target" --active --pivot --wait >/dev/null && rm -f "$source" || exit ;;
  esac
done`.trim();

/**
 * A running machine gets an external snapshot of its disks (frozen by the guest agent where there is one): it then writes to
 * overlays, and the disks themselves do not change while they are read. That needs no space for a copy, does not stop the
 * machine, and works with every libvirt that can commit an active overlay. Merging is not left to this script alone, which
 * is killed with borg: a watcher in a session of its own merges when the script is gone. It makes the working folder too, and
 * so removes it whenever the script dies. Should both die with the host, the next backup begins by merging.
 *
 * One backup of a machine at a time: the script opens a file and locks it, and the watcher inherits that, so the lock is free
 * when nothing is left to merge. That may take hours, and whoever waits says every half a minute that it does. The watcher
 * removes the file, so a lock counts only while its file still has its name.
 *
 * What comes out is a tar stream: \`domain.xml\`, then each disk with the images it is based on, under their own paths.
 * Unpack it, put the images where domain.xml says, and \`virsh define domain.xml\`.
 */
const DUMP = `
domain=$1 settle=$2
fail() { echo "$*" >&2; exit 1; }
command -v flock >/dev/null || fail 'flock cannot be found: install util-linux.'
[ -w /run ] && lock=/run || lock=/tmp
lock=$lock/cyborgbackup-vm-$(printf %s "$domain" | cksum | tr ' ' -)
rounds=0 wait=2
until [ "$lock" -ef /proc/self/fd/9 ]; do
  exec 9>>"$lock"
  until flock -w "$wait" 9; do
    [ "$rounds" -lt 2880 ] || fail "An earlier backup of $domain does not end: see virsh blockjob."
    echo "Waiting for an earlier backup of $domain to end, and its snapshot to be merged." >&2
    rounds=$((rounds + 1)) wait=30
  done
done
sh -ec "$settle" sh "$domain" || fail "The snapshot of an earlier backup of $domain could not be merged."
work=$(unset ${JOB_MARKER}; setsid sh -c '
  work=$(mktemp -d /tmp/cyborgbackup-vm.XXXXXXXXXX) && echo "$work" && exec >/dev/null || exit
  while kill -0 "$1"; do sleep 1; done
  rm -rf "$work"; sh -c "$2" sh "$3"; rm -f "$4"' sh $$ "$settle" "$domain" "$lock" </dev/null 2>/dev/null &)
[ -n "$work" ] || fail "No folder could be made in /tmp."
virsh domblklist --details "$domain" >"$work/all" || exit
virsh dumpxml --inactive "$domain" >"$work/domain.xml" || exit
set -- snapshot-create-as "$domain" cyborgbackup --disk-only --atomic --no-metadata
while read -r type device target source; do
  case $device:$type:$source in
    disk:file:/*) qemu-img info -U --backing-chain "$source" | sed -n 's|^image: /||p' >>"$work/files"
      set -- "$@" --diskspec "$target,snapshot=external,file=$source.cyborgbackup" ;;
    disk:*:- | cdrom:* | floppy:*) set -- "$@" --diskspec "$target,snapshot=no" ;;
    disk:* | lun:*) fail "Disk $target of $domain is no file ($type $source): only images in files can be backed up." ;;
  esac
done <"$work/all"
[ -s "$work/files" ] || fail "Machine $domain has no disk in a file."
state=$(virsh domstate "$domain")
case $state in
  'shut off'*) ;;
  *) virsh "$@" --quiesce >/dev/null 2>&1 || virsh "$@" >&2 || exit ;;
esac
tar --create --sparse --file=- -C "$work" domain.xml -C / --verbatim-files-from --files-from="$work/files"
status=$?
sh -ec "$settle" sh "$domain" || fail "The snapshot of $domain could not be merged: see virsh blockcommit."
case $state:$(virsh domstate "$domain") in 'shut off'*:'shut off'*) ;; 'shut off'*) fail "$domain was started meanwhile." ;; esac
exit $status`.trim();

/** Machines of libvirt with disks in files, by qemu. */
export const libvirt: VmProvider = {
  name: 'libvirt',
  tools: ['virsh', 'qemu-img', 'tar', 'setsid', 'flock'],
  probe: ['sh', '-c', 'version=$(virsh version --daemon) && echo "libvirt ${version##* }"'],
  list: ['virsh', 'list', '--all', '--name'],
  parseMachines: (stdout) =>
    stdout
      .split('\n')
      .map((line) => line.trim())
      .filter((name) => name !== '')
      .map((name) => ({ id: name, name })),
  dump: ({ id }) => ['sh', '-c', DUMP, 'sh', id, SETTLE],
  fileName: ({ id }) => `${id.replaceAll('/', '_')}.tar`,
};
