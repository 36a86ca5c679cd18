import { readScript } from '@cyborgbackup/borg';
import { z } from 'zod';
import type { VmProvider } from './vm-provider.ts';

const guests = z.array(z.object({ vmid: z.coerce.string().regex(/^\d+$/), name: z.string().optional() }));

const LIST = readScript(new URL('./list-proxmox.sh', import.meta.url));
const DUMP = readScript(new URL('./dump-proxmox.sh', import.meta.url));

/**
 * Proxmox VE: one stream for each guest, a vma file of a virtual machine or a tar file of a container, as `qmrestore` and
 * `pct restore` read them from standard input.
 */
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
