import { runCommand } from '@cyborgbackup/borg';
import { parsePolicyVariables, policyVariables, type VirtualMachine } from '@cyborgbackup/contracts';
import { messageOf } from '@cyborgbackup/kernel';
import { openJobClient } from '../../endpoints/client-session.ts';
import { policySecret } from '../../endpoints/secrets.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { clientOf, policyOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import type { VmProvider } from './vm-provider.ts';
import { vmProviderOf } from './vm-providers.ts';

/** A node of a cluster may have to ask the others. */
const LIST_MILLIS = 120_000;
/** Proxmox lists a machine in some 350 bytes. */
const LIST_BYTES = 16 * 1024 * 1024;

/** The machines that the policy names for this client; undefined for all. */
const namedMachines = async ({ deps, plan }: JobContext): Promise<readonly string[] | undefined> => {
  const variables = await policySecret(deps, 'extra_vars');
  const { id } = clientOf(plan);
  return policyOf(plan).policy_type === 'proxmox'
    ? parsePolicyVariables(policyVariables.proxmox, variables).extended_proxmox?.[id]
    : parsePolicyVariables(policyVariables.vm, variables).extended_vm?.[id];
};

const parseMachines = (provider: VmProvider, listed: string): readonly VirtualMachine[] => {
  try {
    return provider.parseMachines(listed);
  } catch (cause) {
    throw new JobFailure(`What ${provider.name} lists is no list of machines: ${messageOf(cause).slice(0, 500)}`);
  }
};

const listMachines = async (context: JobContext): Promise<readonly VirtualMachine[]> => {
  const { plan, signal } = context;
  const provider = vmProviderOf(policyOf(plan));
  await using session = await openJobClient(context);
  const limits = { timeoutMillis: LIST_MILLIS, maxBytes: LIST_BYTES };
  const listed = await runCommand(session.runner, provider.list, { signal, ...limits });
  if (listed.exitCode !== 0) {
    throw new JobFailure(
      `${provider.name} on ${clientOf(plan).hostname} lists no machines: ${listed.stderr.trim().slice(0, 500)}`,
    );
  }
  return parseMachines(provider, listed.stdout);
};

/**
 * The machines to back up: the named ones, by id or by name, or all.
 * @throws JobFailure when a named one does not exist, and when there is none at all
 */
const chooseMachines = (
  machines: readonly VirtualMachine[],
  named: readonly string[] | undefined,
  hostname: string,
): readonly VirtualMachine[] => {
  const find = (text: string): VirtualMachine | undefined =>
    machines.find(({ id }) => id === text) ?? machines.find(({ name }) => name === text);
  const missing = (named ?? []).filter((text) => !find(text));
  if (missing.length > 0) {
    throw new JobFailure(`${hostname} has no machine ${missing.join(', ')}: correct the policy's extra_vars.`);
  }
  const chosen = named ? named.flatMap((text) => find(text) ?? []) : machines;
  if (chosen.length === 0) throw new JobFailure(`${hostname} has no machines: there is nothing to back up.`);
  return [...new Map(chosen.map((machine) => [machine.id, machine])).values()];
};

/** Asks a hypervisor for the machines that the policy backs up; each gets a backup of its own. */
export const findMachines = async (context: JobContext): Promise<JobResult> => {
  const { plan, output } = context;
  const listed = await listMachines(context);
  const machines = chooseMachines(listed, await namedMachines(context), clientOf(plan).hostname);
  for (const { id, name } of machines) output.write('verbose', id === name ? id : `${id} ${name}`);
  return { ...EMPTY_RESULT, machines };
};
