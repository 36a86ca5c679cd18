import type { StepTarget } from '@cyborgbackup/projections';
import { isListed } from '@cyborgbackup/read-models';

/** The archives of a series that are left around one of its listings, by sequence. */
export interface Neighbours {
  /** The nearest before it; 0 when there is none. */
  readonly before: number;
  /** The nearest after it. */
  readonly after: number | null;
  /** The first of all. */
  readonly oldest: number | null;
}

export const neighboursOf = async (
  { client, schema }: StepTarget,
  series: number,
  sequence: number,
): Promise<Neighbours> => {
  const { rows } = await client.query<Neighbours>(
    `select coalesce(max(sequence) filter (where sequence < $2), 0) as before,
            min(sequence) filter (where sequence > $2) as after,
            min(sequence) as oldest
       from ${schema}.archives a where series_id = $1 and ${isListed('a')}`,
    [series, sequence],
  );
  return rows[0] ?? { before: 0, after: null, oldest: null };
};
