import type { RunRequested } from '@cyborgbackup/contracts';
import { JobFailure } from '../../job/job-failure.ts';
import { libvirt } from './libvirt.ts';
import { proxmox } from './proxmox.ts';
import type { VmProvider } from './vm-provider.ts';

type Policy = NonNullable<RunRequested['policy']>;

const PROVIDERS: readonly VmProvider[] = [libvirt, proxmox];

/**
 * The provider of a policy: that of Proxmox for the type proxmox, the named one for the type vm, libvirt when none is named.
 * @throws JobFailure for a name that no provider has
 */
export const vmProviderOf = ({
  policy_type,
  vmprovider: named,
}: Pick<Policy, 'policy_type' | 'vmprovider'>): VmProvider => {
  if (policy_type === 'proxmox') return proxmox;
  const provider = named === '' ? libvirt : PROVIDERS.find(({ name }) => name === named);
  if (provider) return provider;
  const known = PROVIDERS.map(({ name }) => name).join(' or ');
  throw new JobFailure(`There is no provider "${named}" for virtual machines: set vmprovider to ${known}.`);
};
