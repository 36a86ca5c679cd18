import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Puts programs into a folder. */
const install = async (folder: string, programs: Readonly<Record<string, string>>): Promise<void> => {
  await mkdir(folder, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}`);
    await chmod(join(folder, name), 0o755);
  }
};

/**
 * A stand-in for libvirt: machines are folders below `$VMS` with `state`, `disks` (lines as of domblklist) and the images.
 * A snapshot makes an overlay that the guest writes to, a commit merges it into the image. That takes as long as there is a
 * file `busy`; the folder `job` stands for what qemu does meanwhile, also when virsh is killed.
 */
const VIRSH = `
VMS=$(dirname "$0")/vms
set -e
command=$1; shift
domain= path=
for word do case $word in
  --domain=*) domain=\${word#*=} ;;
  --path=*) path=\${word#*=} ;;
  --diskspec | --*) ;;
  *,snapshot=*) ;;
  *) echo "error: unexpected data '$word'" >&2; exit 1 ;;
esac; done
case $command in
  version) echo "Compiled against library: libvirt 9.0.0"; echo "Running against daemon: 9.0.0" ;;
  list) ls "$VMS"; echo ;;
  domstate) cat "$VMS/$domain/state"; echo ;;
  dumpxml)
    echo "<domain type='kvm'>"; echo "  <name>$domain</name>"; echo "  <devices>"
    while read -r type device target source; do
      format=raw; case $source in *.cyborgbackup | *.qcow2) format=qcow2 ;; esac
      echo "    <disk type='$type' device='$device'>"
      case $device in disk) echo "      <driver name='qemu' type='$format' cache='none'/>" ;; esac
      [ "$source" = - ] || echo "      <source file='$source'/>"
      echo "      <target dev='$target' bus='virtio'/>"; echo "    </disk>"
    done <"$VMS/$domain/disks"
    echo "    <interface type='network'>"; echo "      <target dev='vnet0'/>"; echo "      <driver name='vhost'/>"
    echo "    </interface>"; echo "  </devices>"; echo "</domain>" ;;
  domblklist) echo " Type   Device   Target   Source"; echo "-----------------------------"; cat "$VMS/$domain/disks" ;;
  snapshot-create-as)
    case " $* " in *" --quiesce "*) echo 'no guest agent' >&2; exit 1 ;; esac
    for word do case $word in *file=*)
      target=\${word%%,*} file=\${word#*file=}
      echo written-since >"$file"
      sed -i "s|^\\( file *disk *$target *\\).*|\\1$file|" "$VMS/$domain/disks" ;;
    esac; done ;;
  blockjob) rmdir "$VMS/$domain/job" ;;
  blockcommit)
    mkdir "$VMS/$domain/job" 2>/dev/null || { echo "disk $path already in active block job" >&2; exit 1; }
    while [ -e "$VMS/$domain/busy" ]; do sleep 0.1; done
    overlay=$(sed -n "s|^ file *disk *$path *||p" "$VMS/$domain/disks")
    base=\${overlay%.cyborgbackup}
    cat "$overlay" >>"$base"
    sed -i "s|$overlay|$base|" "$VMS/$domain/disks"
    rmdir "$VMS/$domain/job" ;;
  *) echo "virsh $command?" >&2; exit 1 ;;
esac`;

/**
 * A stand-in for qemu-img: a file whose first line is `QFI FILE [FORMAT]` is an image that is based on FILE, unless it is read as a
 * raw one. Without a format it looks at the contents, as qemu-img does.
 */
const QEMU_IMG = `
format=; chain=
while [ $# -gt 1 ]; do case $1 in -f) format=$2; shift ;; --backing-chain) chain=yes ;; esac; shift; done
file=$1
while :; do
  echo "image: $file"
  read -r magic base next <"$file" || :
  [ "$magic" = QFI ] && [ "$format" != raw ] || exit 0
  echo "file format: qcow2"
  echo "backing file: $base"
  [ -z "$next" ] || echo "backing file format: $next"
  [ -n "$chain" ] || exit 0
  file=$base format=$next
  echo
done`;

/** Takes its time over the images of a machine called slow. */
const TAR = `for word do case $word in --files-from=*) ! grep -q /slow/ "\${word#*=}" || sleep 30 ;; esac; done; exec /usr/bin/tar "$@"`;

export interface StandInMachine {
  readonly name: string;
  readonly state: 'running' | 'shut off';
  /** Targets and the contents of their images, which libvirt has as raw ones. */
  readonly disks: Readonly<Record<string, string | Buffer>>;
}

/** Programs as of a libvirt host, with these machines; the images are files beside them. One called slow takes half a minute. */
export const installLibvirt = async (folder: string, machines: readonly StandInMachine[]): Promise<void> => {
  await install(folder, { virsh: VIRSH, 'qemu-img': QEMU_IMG, tar: TAR });
  for (const { name, state, disks } of machines) {
    const home = join(folder, 'vms', name);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'state'), state);
    const lines = Object.keys(disks).map((target) => ` file   disk   ${target}   ${join(home, `${target} disk.img`)}`);
    await writeFile(join(home, 'disks'), `${[...lines, ' file   cdrom   sda   -'].join('\n')}\n`);
    for (const [target, content] of Object.entries(disks)) await writeFile(join(home, `${target} disk.img`), content);
  }
};

const PVESH = `
many=$(dirname "$0")/many-containers
case $2 in
  */qemu) printf '[{"vmid":100,"name":"web","status":"running"},{"vmid":"101","name":"db","status":"stopped"}]' ;;
  */lxc) [ ! -e "$many" ] || { cat "$many"; exit; }
    printf '[{"vmid":"200","name":"box","status":"running"}]' ;;
esac`;

const VZDUMP = `
[ "$1" != 101 ] || { echo 'half a machine'; echo 'snapshot failed' >&2; exit 255; }
echo "vzdump $*"`;

/** Programs as of a Proxmox host: machines 100 and 101, whose dump dies, and the container 200 or those in the file `many-containers`. */
export const installProxmox = (folder: string): Promise<void> =>
  install(folder, { vzdump: VZDUMP, pvesh: PVESH, pveversion: 'echo pve-manager/8.1.4' });
