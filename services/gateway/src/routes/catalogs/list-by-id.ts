import type { Reader } from '../../db/reader.ts';
import { renderPage, type ListQuery, type PageEnvelope } from '../../lists/index.ts';
import { badRequest } from '../../http/core/http-error.ts';
import { invalidPage } from '../../lists/parse/page-parameters.ts';
import { archiveAfter, archivesBehind, countEntries, entryNumbers, type OrderedArchive } from './archives-in-order.ts';

/*
 * Pages in the order of ids, for queries of whole archives: all of them, or those of some jobs. The number of entries of an
 * archive is stored, so the count is exact, and the archive that a page begins in is found without reading entries.
 *
 * `next` has the last id of the page (`cursor`) beside the number of the next page: with it the next page begins right behind
 * that entry, at the same cost at any depth. With the number alone, entries are skipped, but only in the archive it begins in.
 */

/** Archives read at a time for one page. */
const CHUNK = 50;

/** Whether the query filters entries by nothing but their archive, and has the order of ids. */
export const isByArchive = ({ fields, order, search, filters, isOfType }: ListQuery): boolean => {
  const [first, ...others] = order;
  const isById = others.length === 0 && first?.path.steps.length === 0 && first.path.column.name === 'id';
  const ofArchives = [...filters.all, ...filters.chain, ...filters.any].every(({ steps }) => steps[0]?.name === 'job');
  return isById && ofArchives && fields === null && search.length === 0 && filters.search.length === 0 && isOfType;
};

/** @throws HttpError 400 */
export const parseCursor = (text: string | null): number | undefined => {
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest('cursor: take it from the `next` of the page before.');
  return Number(text);
};

interface Start {
  readonly archives: readonly OrderedArchive[];
  /** Entries to skip in the first of them. */
  readonly offset: number;
}

/** The ids of a page, and one more if there is more. */
const collect = async (
  reader: Reader,
  query: ListQuery,
  {
    start,
    cursor,
    descending,
  }: { readonly start: Start; readonly cursor: number | undefined; readonly descending: boolean },
): Promise<readonly number[]> => {
  const ids: number[] = [];
  const limit = query.size + 1;
  let { archives, offset } = start;
  while (archives.length > 0) {
    for (const archive of archives) {
      const behind = cursor === undefined ? undefined : cursor - archive.id_base;
      const range = { descending, behind, offset, limit: limit - ids.length };
      const numbers = await entryNumbers(reader, archive, range);
      ids.push(...numbers.map((number) => archive.id_base + number));
      offset = 0;
      if (ids.length >= limit) return ids;
    }
    const last = archives.at(-1);
    const id = last ? last.id_base + (descending ? 0 : last.next_number) : 0;
    archives = await archivesBehind(reader, query, { id, descending, limit: CHUNK });
  }
  return ids;
};

interface IdPage extends PageEnvelope {
  readonly ids: readonly number[];
}

/** One page. @throws AppError 404 for a page that does not exist */
export const listById = async (
  reader: Reader,
  query: ListQuery,
  { path, cursor }: { readonly path: string; readonly cursor: number | undefined },
): Promise<IdPage> => {
  const descending = query.order[0]?.descending ?? true;
  const count = await countEntries(reader, query);
  const pages = Math.max(1, Math.ceil(count / query.size));
  const page = query.page === 'last' ? pages : query.page;
  const before = (page - 1) * query.size;
  const start = async (): Promise<Start> => {
    if (cursor !== undefined) {
      return { archives: await archivesBehind(reader, query, { id: cursor, descending, limit: CHUNK }), offset: 0 };
    }
    const first = await archiveAfter(reader, query, { offset: before, descending });
    if (!first && page > 1) throw invalidPage();
    return { archives: first ? [first] : [], offset: first ? before - (first.until - first.entries) : 0 };
  };
  const found = await collect(reader, query, { start: await start(), cursor, descending });
  const ids = found.slice(0, query.size);
  const hasNext = found.length > query.size;
  const parameters = query.parameters.filter(([name]) => name !== 'cursor');
  const last = ids.at(-1);
  const { next, ...envelope } = renderPage({ count, page, hasNext, path, parameters });
  return { ...envelope, next: next === null || last === undefined ? next : `${next}&cursor=${last}`, ids };
};
