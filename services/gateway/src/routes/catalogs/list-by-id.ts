import type { Reader } from '../../read/reader.ts';
import { renderPage, type ListQuery, type PageEnvelope } from '../../list/index.ts';
import { badRequest, notFound } from '../../http/http-error.ts';
import { archiveAfter, archivesBehind, countEntries, type ListedArchive } from './archives-in-order.ts';
import { entryNumbers } from './entry-numbers.ts';

/*
 * Pages in the order of ids, when whole archives are asked for: all of them, or those of some jobs. How many entries an archive
 * has is known, so the count is exact, and the archive that a page begins in is found without looking at entries.
 *
 * `next` names, beside the number of the page, the last id shown (`cursor`): with it the next page begins right behind that entry,
 * however deep it is. With the number alone, the entries before it are passed over, but only in the archive it begins in.
 */

/** Archives looked at for one page, at a time. */
const CHUNK = 50;

type Asked = Pick<ListQuery, 'filters' | 'search' | 'isOfType' | 'size' | 'page' | 'order' | 'parameters'>;

/** Whether entries are asked for by nothing but their archive, in the order of ids. */
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
  readonly archives: readonly ListedArchive[];
  /** Entries to pass over in the first of them. */
  readonly offset: number;
}

const invalidPage = (): Error => notFound('Invalid page.');

/** The ids of a page, and one more if there is more. */
const collect = async (
  reader: Reader,
  asked: Asked,
  {
    start,
    cursor,
    descending,
  }: { readonly start: Start; readonly cursor: number | undefined; readonly descending: boolean },
): Promise<readonly number[]> => {
  const ids: number[] = [];
  const wanted = asked.size + 1;
  let { archives, offset } = start;
  while (archives.length > 0) {
    for (const archive of archives) {
      const behind = cursor === undefined ? {} : { behind: cursor - archive.id_base };
      const numbers = await entryNumbers(reader, archive, {
        descending,
        ...behind,
        offset,
        limit: wanted - ids.length,
      });
      ids.push(...numbers.map((number) => archive.id_base + number));
      offset = 0;
      if (ids.length >= wanted) return ids;
    }
    const last = archives.at(-1);
    const id = last ? last.id_base + (descending ? 0 : last.next_number) : 0;
    archives = await archivesBehind(reader, asked, { id, descending, limit: CHUNK });
  }
  return ids;
};

export interface IdPage extends PageEnvelope {
  readonly ids: readonly number[];
}

/** One page. @throws HttpError 404 for a page that there is not */
export const listById = async (
  reader: Reader,
  asked: Asked,
  { path, cursor }: { readonly path: string; readonly cursor: number | undefined },
): Promise<IdPage> => {
  const descending = asked.order[0]?.descending ?? true;
  const count = await countEntries(reader, asked);
  const pages = Math.max(1, Math.ceil(count / asked.size));
  const page = asked.page === 'last' ? pages : asked.page;
  const before = (page - 1) * asked.size;
  const start = async (): Promise<Start> => {
    if (cursor !== undefined) {
      return { archives: await archivesBehind(reader, asked, { id: cursor, descending, limit: CHUNK }), offset: 0 };
    }
    const first = await archiveAfter(reader, asked, { offset: before, descending });
    if (!first && page > 1) throw invalidPage();
    return { archives: first ? [first] : [], offset: first ? before - (first.upto - first.entries) : 0 };
  };
  const found = await collect(reader, asked, { start: await start(), cursor, descending });
  const ids = found.slice(0, asked.size);
  const hasNext = found.length > asked.size;
  const parameters = asked.parameters.filter(([name]) => name !== 'cursor');
  const last = ids.at(-1);
  const { next, ...envelope } = renderPage({ count, page, hasNext, path, parameters });
  return { ...envelope, next: next === null || last === undefined ? next : `${next}&cursor=${last}`, ids };
};
