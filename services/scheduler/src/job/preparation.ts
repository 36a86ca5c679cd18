import type { PlannedJob, RunFacts } from '@cyborgbackup/contracts';
import { nameUuid } from '@cyborgbackup/kernel';

type Facts = Pick<RunFacts, 'policy' | 'repository'>;

const placeOf = ({ repository }: Facts): string => (repository ? `${repository.uuid} ${repository.path}` : '');

/** What else counts beside the address of the client. */
const ON_CLIENT = {
  client: (run: Facts): string => (run.policy?.mode_pull ? `mounted for ${placeOf(run)}` : 'runs borg'),
  hypervisor: ({ policy }: Facts): string => policy?.vmprovider ?? '',
};

/**
 * Names what a preparation does: of two with the same name one is enough. The name follows from all that the result depends on:
 * the address, and for a client whether borg runs there or mounts it, and where. Null for jobs that are not shared. See
 * docs/decisions/0032-preparations-are-shared.md.
 */
export const preparationOf = (run: Facts, { check, client }: Pick<PlannedJob, 'check' | 'client'>): string | null => {
  if (check === 'repository' && run.repository) return nameUuid(run.repository.uuid, `repository ${placeOf(run)}`);
  if ((check !== 'client' && check !== 'hypervisor') || !client) return null;
  return nameUuid(client.uuid, `${check} ${client.hostname}:${client.port} ${ON_CLIENT[check](run)}`);
};
