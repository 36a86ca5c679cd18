import { runCommand } from '@cyborgbackup/borg';
import { parsePolicyVariables, policyVariables, type VirtualMachine } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import { openClient } from '../connect/client-side.ts';
import { JobFailure } from '../job/job-failure.ts';
import { clientOf, policyOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { chooseMachines } from '../sources/vm/choose-machines.ts';
import type { VmProvider } from '../sources/vm/vm-provider.ts';
import { vmProviderOf } from '../sources/vm/vm-providers.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { openVariables } from './open-variables.ts';

/** A cluster's node may have to ask the others. */
const LIST_MILLIS = 120_000;
/** Proxmox has some 350 bytes to say of each machine. */
const LIST_BYTES = 16 * 1024 * 1024;

/** The machines that the policy names for this client; undefined for all. */
const namedMachines = async (context: JobContext): Promise<readonly string[] | undefined> => {
  const variables = await openVariables(context);
  const { id } = clientOf(context.plan);
  return policyOf(context.plan).policy_type === 'proxmox'
    ? parsePolicyVariables(policyVariables.proxmox, variables).extended_proxmox?.[id]
    : parsePolicyVariables(policyVariables.vm, variables).extended_vm?.[id];
};

const readMachines = (provider: VmProvider, listed: string): readonly VirtualMachine[] => {
  try {
    return provider.parseMachines(listed);
  } catch (cause) {
    throw new JobFailure(`What ${provider.name} lists is no list of machines: ${messageOf(cause).slice(0, 500)}`);
  }
};

const listMachines = async (context: JobContext): Promise<readonly VirtualMachine[]> => {
  const { plan, signal } = context;
  const { hostname, port } = clientOf(plan);
  const policy = policyOf(plan);
  const provider = vmProviderOf(policy.policy_type, policy.vmprovider);
  const { runner, session } = await openClient(connectionsOf(context), { hostname, port });
  try {
    const listed = await runCommand(runner, provider.list, {
      signal,
      timeoutMillis: LIST_MILLIS,
      maxBytes: LIST_BYTES,
    });
    if (listed.exitCode !== 0) {
      throw new JobFailure(`${provider.name} on ${hostname} lists no machines: ${listed.stderr.trim().slice(0, 500)}`);
    }
    return readMachines(provider, listed.stdout);
  } finally {
    await session.close();
  }
};

/** Asks a hypervisor for the machines that the policy backs up; each gets a backup of its own. */
export const findMachines = async (context: JobContext): Promise<JobResult> => {
  const { plan, output } = context;
  const { hostname, port } = clientOf(plan);
  output.write('verbose', `Connecting to ${hostname}:${port}`);
  const machines = chooseMachines(await listMachines(context), await namedMachines(context), hostname);
  for (const { id, name } of machines) output.write('verbose', id === name ? id : `${id} ${name}`);
  return { ...NOTHING_TO_TELL, machines };
};
