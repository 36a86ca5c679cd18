import type { VirtualMachine } from '@cyborgbackup/contracts';
import { JobFailure } from '../../job/job-failure.ts';

/**
 * The machines to back up: the named ones, by id or by name, or all.
 * @throws JobFailure when a named one is not there, and when there is none at all
 */
export const chooseMachines = (
  found: readonly VirtualMachine[],
  named: readonly string[] | undefined,
  hostname: string,
): readonly VirtualMachine[] => {
  const byName = (wanted: string): VirtualMachine | undefined =>
    found.find(({ id }) => id === wanted) ?? found.find(({ name }) => name === wanted);
  const missing = (named ?? []).filter((wanted) => !byName(wanted));
  if (missing.length > 0) {
    throw new JobFailure(`${hostname} has no machine ${missing.join(', ')}: correct the policy's extra_vars.`);
  }
  const chosen = named ? named.flatMap((wanted) => byName(wanted) ?? []) : found;
  if (chosen.length === 0) throw new JobFailure(`${hostname} has no machines: there is nothing to back up.`);
  return [...new Map(chosen.map((machine) => [machine.id, machine])).values()];
};
