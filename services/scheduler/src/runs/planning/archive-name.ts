/** Leaves room for type, time and number in the 200 characters of the API's archive names. */
const HOST_LENGTH = 150;
/** A machine has the rest of those. */
const HYPERVISOR_LENGTH = 90;

const safe = (name: string, length: number): string => name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, length);

const sourcePart = ({ hostname, machine }: ArchiveSource): string =>
  machine === undefined
    ? safe(hostname, HOST_LENGTH)
    : `${safe(hostname, HYPERVISOR_LENGTH)}-${safe(machine, HOST_LENGTH - HYPERVISOR_LENGTH - 1)}`;

export interface ArchiveSource {
  readonly hostname: string;
  /** Name of a virtual machine on that host. */
  readonly machine?: string | undefined;
}

/**
 * `TYPE-HOST-YYYY-MM-DD_HH-MM` or `TYPE-HOST-MACHINE-YYYY-MM-DD_HH-MM`, UTC. What borg could take for a separator or a
 * placeholder in a name becomes an underscore.
 */
export const archiveName = (policyType: string, source: ArchiveSource, millis: number): string => {
  const [date = '', time = ''] = new Date(millis).toISOString().slice(0, 16).split('T');
  return `${policyType}-${sourcePart(source)}-${date}_${time.replace(':', '-')}`;
};

/** The nth name to try: the name itself, then `name-2`, `name-3` and so on. */
export const nthName = (name: string, n: number): string => (n === 1 ? name : `${name}-${n}`);
