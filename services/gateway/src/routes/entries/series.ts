import { isListed } from '@cyborgbackup/read-models';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { badRequest } from '../../http/core/http-error.ts';
import { inventoryJoins } from '../../lists/sources/archives.ts';

const id = (of: string) => z.string().describe(`Id of the ${of}; all unless given.`).optional();

/** The query parameters that narrow a search to some archives. */
export const seriesQuery = { client: id('client'), policy: id('policy'), repository: id('repository') };

const NAMES = ['client', 'policy', 'repository'] as const;

/**
 * The series of the archives that a query names; null for all.
 * @throws HttpError 400 for an invalid id
 */
export const findSeries = async (
  { reader }: GatewayDeps,
  query: URLSearchParams,
): Promise<readonly number[] | null> => {
  const invalid = NAMES.find((name) => query.has(name) && !/^\d{1,9}$/.test(query.get(name) ?? ''));
  if (invalid) throw badRequest(`${invalid}: give an id.`);
  if (!NAMES.some((name) => query.has(name))) return null;
  const rows = await reader.rows<{ series_id: number }>(
    `select distinct a.series_id
       from catalog.archives a
            ${inventoryJoins('a')}
      where ${isListed('a')} and ($1::int4 is null or c.id = $1) and ($2::int4 is null or p.id = $2)
        and ($3::int4 is null or r.id = $3)`,
    NAMES.map((name) => query.get(name)),
  );
  return rows.map(({ series_id }) => series_id);
};

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
  ${inventoryJoins('o')}`;
