import type { Reader } from '../../db/reader.ts';
import type { ListedArchive } from './archives-in-order.ts';

export interface NumberRange {
  readonly descending: boolean;
  /** Only numbers behind this one. */
  readonly behind?: number;
  readonly offset: number;
  readonly limit: number;
}

const LOWEST = -1;

/** Numbers of an archive's entries, in order. */
export const entryNumbers = async (
  reader: Reader,
  { series, sequence, next }: ListedArchive,
  { descending, behind, offset, limit }: NumberRange,
): Promise<readonly number[]> => {
  const bound = descending ? Math.min(behind ?? next, next) : (behind ?? LOWEST);
  const rows = await reader.rows<{ number: number }>(
    `select number from catalog.versions
      where series = $1 and first_seq <= $2 and last_seq >= $2 and number ${descending ? '<' : '>'} $3
      order by number ${descending ? 'desc' : 'asc'} offset $4 limit $5`,
    [series, sequence, bound, offset, limit],
  );
  return rows.map(({ number }) => number);
};
