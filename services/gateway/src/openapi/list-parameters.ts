import type { ListSource } from '../lists/index.ts';
import type { JsonSchema, OpenApiParameter, Reference } from './openapi-types.ts';

const text = { type: 'string' } as const;

const parameter = (name: string, description: string, schema: JsonSchema = text): OpenApiParameter => ({
  name,
  in: 'query',
  description,
  schema,
});

/** The parameters of all lists. */
export const listParameters = {
  page: parameter('page', 'Which page, from 1; or `last`.', {
    anyOf: [{ type: 'integer', minimum: 1 }, { const: 'last' }],
    default: 1,
  }),
  page_size: parameter('page_size', 'Rows of a page, 1000 at most.', { type: 'integer', minimum: 1, default: 100 }),
  search: parameter('search', 'Words that must all be found, whatever their case.'),
  order: parameter(
    'order',
    'Fields to sort by, separated by commas; `-` before one for descending. `order_by` means the same.',
  ),
  fields: parameter(
    'fields',
    'Only these fields, separated by commas: the rows are then distinct, and hold nothing else.',
  ),
  type: parameter('type', 'Types of rows, separated by commas; without the type of this list there are none.'),
};

/** The syntax of filters, for the document's introduction. */
export const FILTERS_EXPLAINED =
  'Lists can be filtered: any parameter that is not reserved names a field and the value that it must have. The name may end ' +
  'in a lookup: `__exact` (as without one), `__iexact`, `__contains`, `__icontains`, `__startswith`, `__istartswith`, ' +
  '`__endswith`, `__iendswith`, `__regex`, `__iregex`, `__gt`, `__gte`, `__lt`, `__lte`, `__in` (values separated by ' +
  'commas), `__isnull`; `__search` on a relation. Relations are followed by `__`, as in `policy__repository__name`. A name may ' +
  'begin with `not__`, and before that with `or__` (one of these filters is enough) or `chain__` (relations may match through ' +
  'different rows). Counts above 100,000 are estimates.';

const filters = ({ fields, relations, search }: ListSource): OpenApiParameter => {
  const related = Object.keys(relations);
  return {
    name: 'filters',
    in: 'query',
    style: 'form',
    explode: true,
    description: [
      `Filters, each a parameter of its own (see the introduction). Fields: ${Object.keys(fields).join(', ')}.`,
      ...(related.length > 0 ? [`Relations: ${related.join(', ')}.`] : []),
      ...(search.length > 0 ? [`\`search\` looks in ${search.join(', ')}.`] : []),
    ].join(' '),
    schema: { type: 'object', additionalProperties: { type: 'string' } },
  };
};

const refs = (names: readonly string[]): readonly Reference[] =>
  names.map((name) => ({ $ref: `#/components/parameters/${name}` }));

/** @param source undefined for a list with pages only, without filters, search and order */
export const parametersOfList = (source: ListSource | undefined): readonly (OpenApiParameter | Reference)[] =>
  source ? [...refs(Object.keys(listParameters)), filters(source)] : refs(['page', 'page_size']);
