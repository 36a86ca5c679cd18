import { isListed } from '@cyborgbackup/read-models';
import { z } from 'zod';

export const ownerFields = {
  client: z.int().nullable(),
  client_hostname: z.string().nullable(),
  policy: z.int().nullable(),
  repository: z.int().nullable(),
  machine: z.string(),
};

/** The source of a series' archives. */
export type OwnerRow = z.output<z.ZodObject<typeof ownerFields>>;

/** In SQL: the columns of `OwnerRow`, of the archive `o`. */
export const OWNER_COLUMNS = `c.id as client, c.hostname as client_hostname, p.id as policy, r.id as repository, o.machine`;

/** In SQL: one archive `o` of the series $series, and what belongs to it. */
export const ownerJoins = (series: string): string => `
  left join lateral (
    select client_uuid, policy_uuid, repository_uuid, machine from catalog.archives a
     where series_id = ${series} and ${isListed('a')} limit 1
  ) o on true
  left join inventory.clients c on c.uuid = o.client_uuid
  left join inventory.policies p on p.uuid = o.policy_uuid
  left join inventory.repositories r on r.uuid = o.repository_uuid`;
