import { isListed, type ArchiveRow, type ListedArchive as EntryRange } from '@cyborgbackup/read-models';
import type { Reader } from '../../read/reader.ts';
import { applyFilters, sql, statementOf, type ListQuery } from '../../list/index.ts';

/** An archive whose entries are listed. */
export interface ListedArchive extends EntryRange, Pick<ArchiveRow, 'entries'> {
  /** Entries of all archives up to and with this one, in the order asked for. */
  readonly upto: number;
}

type Asked = Pick<ListQuery, 'filters' | 'search' | 'isOfType'>;

const shown = (asked: Asked) => applyFilters(sql.from('catalog.archives as t').whereRaw(isListed('t')), 't', asked, []);

const COLUMNS = ['series_id', 'sequence', 'next_number', 'id_base', 'entries'];

/** How many entries all these archives have. */
export const countEntries = async (reader: Reader, asked: Asked): Promise<number> => {
  const { text, values } = statementOf(shown(asked).sum('t.entries as count'));
  return (await reader.row<{ count: number | null }>(text, values))?.count ?? 0;
};

/** The archive that has the entry after so many others. */
export const archiveAfter = async (
  reader: Reader,
  asked: Asked,
  { offset, descending }: { readonly offset: number; readonly descending: boolean },
): Promise<ListedArchive | undefined> => {
  const direction = descending ? 'desc' : 'asc';
  const summed = shown(asked)
    .select(COLUMNS)
    .select(sql.raw(`sum(entries) over (order by id_base ${direction}) as upto`));
  const { text, values } = statementOf(
    sql.from(summed.as('s')).where('upto', '>', offset).orderBy('id_base', direction).limit(1),
  );
  return reader.row<ListedArchive>(text, values);
};

/** The archives that may have entries behind an id, the next first. */
export const archivesBehind = async (
  reader: Reader,
  asked: Asked,
  { id, descending, limit }: { readonly id: number; readonly descending: boolean; readonly limit: number },
): Promise<readonly ListedArchive[]> => {
  const { text, values } = statementOf(
    shown(asked)
      .select(COLUMNS)
      .select(sql.raw('0 as upto'))
      .where('entries', '>', 0)
      .where(descending ? sql.raw('id_base < ?', [id]) : sql.raw('id_base + next_number > ?', [id]))
      .orderBy('id_base', descending ? 'desc' : 'asc')
      .limit(limit),
  );
  return reader.rows<ListedArchive>(text, values);
};
