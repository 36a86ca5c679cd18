import { isInSequence } from '@cyborgbackup/read-models';
import type { Reader } from '../../read/reader.ts';
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
  { series_id, sequence, next_number }: ListedArchive,
  { descending, behind, offset, limit }: NumberRange,
): Promise<readonly number[]> => {
  const bound = descending ? Math.min(behind ?? next_number, next_number) : (behind ?? LOWEST);
  const rows = await reader.rows<{ number: number }>(
    `select number from catalog.entries v
      where series_id = $1 and ${isInSequence('v', '$2')} and number ${descending ? '<' : '>'} $3
      order by number ${descending ? 'desc' : 'asc'} offset $4 limit $5`,
    [series_id, sequence, bound, offset, limit],
  );
  return rows.map(({ number }) => number);
};
