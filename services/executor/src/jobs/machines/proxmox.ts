import { z } from 'zod';
import type { VmProvider } from './vm-provider.ts';

const guests = z.array(z.object({ vmid: z.coerce.string().regex(/^\d+$/), name: z.string().optional() }));

/** Virtual machines and containers of this node alone: vzdump can reach no others. */
const LIST = `
set -e
node=$(hostname -s)
for kind in qemu lxc; do
  pvesh get "/nodes/$node/$kind" --output-format json
  echo
done`.trim();

/** In a session of its own, so that it is not killed with borg but finds its output closed, and removes its snapshot. */
const DUMP = `
command -v setsid >/dev/null && alone='setsid --wait'
exec \${alone-} vzdump "$1" --mode snapshot --stdout --compress 0 --quiet 1`.trim();

/** Proxmox VE: one stream for each guest, a vma file of a virtual machine or a tar file of a container, as `qmrestore` and
 * `pct restore` read them from standard input. */
export const proxmox: VmProvider = {
  name: 'proxmox',
  tools: ['vzdump', 'pvesh'],
  probe: ['sh', '-c', 'pveversion || pvesh get /version >/dev/null && echo Proxmox VE'],
  list: ['sh', '-c', LIST],
  parseMachines: (stdout) =>
    stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .flatMap((line) => guests.parse(JSON.parse(line)))
      .map(({ vmid, name }) => ({ id: vmid, name: name ?? vmid })),
  dump: ({ id }) => ['sh', '-c', DUMP, 'sh', id],
  fileName: ({ id }) => `vzdump-${id}`,
};
