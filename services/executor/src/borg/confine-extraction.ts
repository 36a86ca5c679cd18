import { probeConfinement, type Confinement } from '@cyborgbackup/borg';
import type { BorgEndpoint } from '../endpoints/borg-endpoint.ts';
import type { JobContext } from '../job/job-context.ts';

/** Endpoints, each opened for one attempt, that were tried already. */
const confinements = new WeakMap<BorgEndpoint, Confinement | undefined>();

/**
 * How an extraction at an endpoint is kept in its folder, whatever the archive says, below the gate that its listing passes (see
 * `EntryGate`). Undefined where that is not possible, which the job's output says once.
 * See docs/decisions/0021-an-archive-is-hostile-text.md.
 */
export const confineExtraction = async (
  { signal, output }: JobContext,
  endpoint: BorgEndpoint,
): Promise<Confinement | undefined> => {
  if (confinements.has(endpoint)) return confinements.get(endpoint);
  const problem = await probeConfinement(endpoint.runner, signal);
  if (problem !== '') {
    output.write(
      'system_warning',
      `Borg on ${endpoint.runner.where} cannot be confined to the folder it extracts to (${problem}). Only the check of the archive's listing keeps a hostile archive from writing elsewhere: let borg run as root on Linux, or restore to a host that has nothing else to lose.`,
    );
  }
  const isOnThisHost = endpoint.repository.startsWith('/');
  const confinement = problem === '' ? { writable: isOnThisHost ? [endpoint.repository] : [] } : undefined;
  confinements.set(endpoint, confinement);
  return confinement;
};
