import { isInSequence, isListed, type ArchiveRow, type ListedArchive } from '@cyborgbackup/read-models';
import type { Reader } from '../../db/reader.ts';
import { applyFilters, sql, statementOf, type ListQuery } from '../../lists/index.ts';

/** An archive with the numbers of its entries. */
export interface OrderedArchive extends ListedArchive, Pick<ArchiveRow, 'entries'> {
  /** Entries of all archives until the end of this one, in the order of the query. */
  readonly until: number;
}

type ArchiveFilters = Pick<ListQuery, 'filters' | 'search' | 'isOfType'>;

const visibleArchives = (filters: ArchiveFilters) =>
  applyFilters(sql.from('catalog.archives as t').whereRaw(isListed('t')), 't', filters, []);

const COLUMNS = ['series_id', 'sequence', 'next_number', 'id_base', 'entries'];

/** How many entries all these archives have. */
export const countEntries = (reader: Reader, filters: ArchiveFilters): Promise<number> => {
  const { text, values } = statementOf(visibleArchives(filters).sum('t.entries as count'));
  return reader.count(text, values);
};

/** The archive that has the entry at this offset. */
export const archiveAfter = async (
  reader: Reader,
  filters: ArchiveFilters,
  { offset, descending }: { readonly offset: number; readonly descending: boolean },
): Promise<OrderedArchive | undefined> => {
  const direction = descending ? 'desc' : 'asc';
  const summed = visibleArchives(filters)
    .select(COLUMNS)
    .select(sql.raw(`sum(entries) over (order by id_base ${direction}) as until`));
  const { text, values } = statementOf(
    sql.from(summed.as('s')).where('until', '>', offset).orderBy('id_base', direction).limit(1),
  );
  return reader.row<OrderedArchive>(text, values);
};

/** The archives that may have entries behind an id, the nearest first. */
export const archivesBehind = async (
  reader: Reader,
  filters: ArchiveFilters,
  { id, descending, limit }: { readonly id: number; readonly descending: boolean; readonly limit: number },
): Promise<readonly OrderedArchive[]> => {
  const { text, values } = statementOf(
    visibleArchives(filters)
      .select(COLUMNS)
      .select(sql.raw('0 as until'))
      .where('entries', '>', 0)
      .where(descending ? sql.raw('id_base < ?', [id]) : sql.raw('id_base + next_number > ?', [id]))
      .orderBy('id_base', descending ? 'desc' : 'asc')
      .limit(limit),
  );
  return reader.rows<OrderedArchive>(text, values);
};

interface NumberRange {
  readonly descending: boolean;
  /** Only numbers behind this one. */
  readonly behind?: number | undefined;
  readonly offset: number;
  readonly limit: number;
}

const LOWEST = -1;

/** Numbers of an archive's entries, in order. */
export const entryNumbers = async (
  reader: Reader,
  { series_id, sequence, next_number }: OrderedArchive,
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
