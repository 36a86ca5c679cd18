import type { VirtualMachine } from '@cyborgbackup/contracts';

/**
 * How machines of one kind of hypervisor are listed and backed up: a provider. To add one, write a file like libvirt.ts and
 * name it in vm-providers.ts. A provider is data, argument vectors and a parser: it never runs anything itself. What it
 * names is run on the hypervisor, with the rights that backups have there.
 */
export interface VmProvider {
  /** As `vmprovider` of a policy has it. */
  readonly name: string;
  /** Programs that must be in the hypervisor's PATH. */
  readonly tools: readonly string[];
  /** Prints one line about the hypervisor, such as `libvirt 9.0.0`, and fails where it cannot be used. */
  readonly probe: readonly string[];
  /** Prints what `parseMachines` understands. */
  readonly list: readonly string[];
  /** Reads the output of `list`. @throws Error for text that is not a list of machines */
  parseMachines(stdout: string): readonly VirtualMachine[];
  /**
   * The program that backs up one machine to its standard output, in a state that the machine could start from. It exits
   * with another status than 0 when anything is missing. It may be ended by KILL at any time, and must then leave the
   * machine as it was.
   */
  dump(machine: VirtualMachine): readonly string[];
  /** What the output is called in the archive. */
  fileName(machine: VirtualMachine): string;
}
