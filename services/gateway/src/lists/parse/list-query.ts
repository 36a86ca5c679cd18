import { columnPath, samePath, singleColumnPath, type ColumnPath } from './column-path.ts';
import { parseFilter, type Filter, type FilterRole } from './filter.ts';
import type { ListSource } from '../sources/list-source.ts';
import { containing, type Condition } from './lookups.ts';
import { parsePage, parsePageSize } from './page-parameters.ts';
import { badQuery, truncateForMessage } from './query-error.ts';

export interface OrderTerm {
  readonly path: ColumnPath;
  readonly descending: boolean;
}

export interface SelectedField {
  readonly name: string;
  readonly path: ColumnPath;
}

/** The query of a list, checked against the allow-list of its source. */
export interface ListQuery {
  readonly page: number | 'last';
  readonly size: number;
  /** False when `type` names other types only: then the list is empty. */
  readonly isOfType: boolean;
  /** Each must be met; of those with role `any` (and of those with role `search`) one. */
  readonly filters: Readonly<Record<FilterRole, readonly Filter[]>>;
  /** Each must be found in one of the source's search columns. */
  readonly search: readonly Condition[];
  readonly order: readonly OrderTerm[];
  /** Set when the rows have only these fields; they are then distinct. */
  readonly fields: readonly SelectedField[] | null;
  /** As they were sent, for the links to other pages. */
  readonly parameters: readonly Parameter[];
}

export type Parameter = readonly [name: string, value: string];

const RESERVED: ReadonlySet<string> = new Set([
  ...['page', 'page_size', 'format', 'order', 'order_by', 'search', 'type', 'host_filter', 'fields', 'cursor'],
]);

const MAX_FILTERS = 50;
const MAX_WORDS = 20;
const MAX_NAMES = 50;

const namesIn = (text: string): readonly string[] => {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > MAX_NAMES) throw badQuery(`No more than ${MAX_NAMES} fields can be named`);
  return names;
};

const parseFilters = (source: ListSource, parameters: readonly Parameter[]): ListQuery['filters'] => {
  const written = parameters.filter(([name]) => !RESERVED.has(name));
  if (written.length > MAX_FILTERS) throw badQuery(`No more than ${MAX_FILTERS} filters can be combined`);
  const filters: Record<FilterRole, Filter[]> = { all: [], any: [], chain: [], search: [] };
  for (const [name, value] of written) {
    const { role, filter } = parseFilter(source, name, value);
    filters[role].push(filter);
  }
  return filters;
};

const parseSearch = ({ search }: ListSource, text: string): readonly Condition[] => {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length > MAX_WORDS) throw badQuery(`No more than ${MAX_WORDS} words can be searched for`);
  return search.length > 0 ? words.map(containing) : [];
};

const parseTerm = (source: ListSource, term: string): OrderTerm => {
  const descending = term.startsWith('-');
  return { path: singleColumnPath(source, descending ? term.slice(1) : term), descending };
};

const parseOrder = (source: ListSource, text: string): readonly OrderTerm[] =>
  namesIn(text)
    .filter((term) => !/^-?type$/.test(term))
    .map((term) => parseTerm(source, term));

const parseFields = (source: ListSource, text: string): readonly SelectedField[] | null => {
  const names = [...new Set(namesIn(text))];
  return names.length === 0 ? null : names.map((name) => ({ name, path: singleColumnPath(source, name) }));
};

/** Distinct rows can be sorted by their own fields only; default: all of them, in their order. */
const orderOfFields = (fields: readonly SelectedField[], order: readonly OrderTerm[]): readonly OrderTerm[] => {
  const hidden = order.find((term) => !fields.some(({ path }) => samePath(path, term.path)));
  if (hidden)
    throw badQuery(`With 'fields', only these can be sorted by, not '${truncateForMessage(hidden.path.column.name)}'`);
  const others = fields.filter(({ path }) => !order.some((term) => samePath(path, term.path)));
  return [...order, ...others.map(({ path }) => ({ path, descending: false }))];
};

/** Ends with the id, so that no row is on two pages. */
const unambiguous = (source: ListSource, order: readonly OrderTerm[]): readonly OrderTerm[] => {
  const isOwnId = ({ path }: OrderTerm): boolean => path.steps.length === 0 && path.column.name === 'id';
  const end = order.findIndex(isOwnId);
  return end >= 0 ? order.slice(0, end + 1) : [...order, { path: columnPath(source, 'id'), descending: true }];
};

/** The first value of a reserved parameter. */
const valueOf = (parameters: readonly Parameter[], ...names: readonly string[]): string =>
  parameters.find(([given]) => names.includes(given))?.[1] ?? '';

const parseSorting = (source: ListSource, parameters: readonly Parameter[], defaultOrder: string): Sorting => {
  const fields = parseFields(source, valueOf(parameters, 'fields'));
  const order = parseOrder(source, valueOf(parameters, 'order', 'order_by'));
  if (fields) return { fields, order: orderOfFields(fields, order) };
  return { fields, order: unambiguous(source, order.length > 0 ? order : parseOrder(source, defaultOrder)) };
};

type Sorting = Pick<ListQuery, 'fields' | 'order'>;

/**
 * Reads the query of a list.
 * @param defaultOrder as in `?order=`, for when the query has none
 * @throws AppError('validation') without fields for anything the source does not allow, AppError('not-found') for an invalid
 *   page
 */
export const parseListQuery = (
  source: ListSource,
  query: Iterable<Parameter>,
  defaultOrder = source.order ?? '-id',
): ListQuery => {
  const parameters = [...query];
  const types = namesIn(valueOf(parameters, 'type'));
  const sorting = parseSorting(source, parameters, defaultOrder);
  return {
    page: parsePage(parameters.find(([name]) => name === 'page')?.[1]),
    size: parsePageSize(valueOf(parameters, 'page_size'), { isNarrow: sorting.fields !== null }),
    isOfType: types.length === 0 || types.includes(source.type),
    filters: parseFilters(source, parameters),
    search: parseSearch(source, valueOf(parameters, 'search')),
    ...sorting,
    parameters,
  };
};
