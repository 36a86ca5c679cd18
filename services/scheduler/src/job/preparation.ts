import type { PlannedJob, RunFacts } from '@cyborgbackup/contracts';
import { nameUuid } from '@cyborgbackup/kernel';

/**
 * Names what a preparation does: of two with the same name one is enough. The name follows from all that the result depends on:
 * the address, and for a client whether borg runs there or mounts it, and where. Null for jobs that are not shared. See
 * docs/decisions/0032-preparations-are-shared.md.
 */
export const preparationOf = (
  { policy, repository }: Pick<RunFacts, 'policy' | 'repository'>,
  { check, client }: Pick<PlannedJob, 'check' | 'client'>,
): string | null => {
  const place = `${repository?.uuid} ${repository?.path}`;
  const address = `${client?.hostname}:${client?.port}`;
  if (check === 'repository' && repository) return nameUuid(repository.uuid, `repository ${repository.path}`);
  if (check === 'client' && client) {
    return nameUuid(client.uuid, `client ${address} ${policy?.mode_pull ? `mounted for ${place}` : 'by itself'}`);
  }
  if (check === 'hypervisor' && client) return nameUuid(client.uuid, `hypervisor ${address} ${policy?.vmprovider}`);
  return null;
};
