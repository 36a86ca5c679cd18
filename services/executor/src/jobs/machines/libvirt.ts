import { readScript } from '@cyborgbackup/borg';
import { JOB_MARKER } from '../../endpoints/job-processes.ts';
import type { VmProvider } from './vm-provider.ts';

/**
 * A running machine gets an external snapshot of its disks (frozen by the guest agent where there is one): it then writes to
 * overlays, and the disks themselves do not change while they are read. That needs no space for a copy, does not stop the
 * machine, and works with every libvirt that can commit an active overlay. The merge does not depend on this script alone, which
 * is killed with borg: a watcher in a session of its own merges when the script is gone. It also creates the working folder, and
 * so removes it whenever the script dies. Should both die with the host, the next backup begins with the merge.
 *
 * One backup of a machine at a time: the script opens a file and locks it, and the watcher inherits the lock, so it is free when
 * nothing is left to merge. That may take hours, and a script that waits says so every half a minute. The watcher removes the
 * file, so a lock counts only while its file still has its name.
 *
 * The output is a tar stream: `domain.xml`, then each disk with the images it is based on, under their own paths.
 * Unpack it, put the images where domain.xml says, and `virsh define domain.xml`.
 * See docs/decisions/0011-machines-extend-a-run.md.
 */
const DUMP = readScript(new URL('./dump-libvirt.sh', import.meta.url));
const MERGE = readScript(new URL('./merge-snapshots.sh', import.meta.url));

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
  dump: ({ id }) => ['sh', '-c', DUMP, 'sh', id, MERGE, JOB_MARKER],
  fileName: ({ id }) => `${id.replaceAll('/', '_')}.tar`,
};
