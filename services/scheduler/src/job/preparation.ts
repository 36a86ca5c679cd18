import type { PlannedJob, RunFacts } from '@cyborgbackup/contracts';

/**
 * What a preparation does, as a text: of two with the same text one is enough. It names all that the result depends on: the
 * address, and for a client whether borg runs there or mounts it, and where. Null for jobs that are not shared. See
 * docs/decisions/0032-preparations-are-shared.md.
 */
export const preparationOf = (
  { policy, repository }: Pick<RunFacts, 'policy' | 'repository'>,
  { check, client }: Pick<PlannedJob, 'check' | 'client'>,
): string | null => {
  const place = `${repository?.uuid} ${repository?.path}`;
  const host = `${client?.uuid} ${client?.hostname}:${client?.port}`;
  switch (check) {
    case 'repository':
      return `repository ${place}`;
    case 'client':
      return `client ${host} ${policy?.mode_pull ? `mounted for ${place}` : 'by itself'}`;
    case 'hypervisor':
      return `hypervisor ${host} ${policy?.vmprovider}`;
    default:
      return null;
  }
};
