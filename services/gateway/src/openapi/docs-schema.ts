import { escapeHtml, proseHtml } from './docs-html.ts';
import type { JsonSchema } from './openapi-types.ts';

const REFERENCE = /^#\/components\/schemas\/(\w+)$/;

const nameOf = (schema: JsonSchema): string | undefined => REFERENCE.exec(schema.$ref ?? '')?.[1];

export const schemaAnchor = (name: string): string => `schema-${name}`;

const values = (all: readonly unknown[]): string =>
  all.map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(' or ');

const arrayType = ({ items }: JsonSchema): string =>
  typeof items === 'object' ? `list of ${schemaType(items)}` : 'list';

/** Whether it is what surrounds the rows of a list. */
export const isPage = ({ properties }: JsonSchema): boolean =>
  properties?.['next'] !== undefined && properties['results'] !== undefined;

const recordType = ({ properties, additionalProperties }: JsonSchema): string =>
  !properties && typeof additionalProperties === 'object' ? `object of ${schemaType(additionalProperties)}` : 'object';

const plainType = (schema: JsonSchema): string => {
  if (schema.type === 'array') return arrayType(schema);
  if (isPage(schema)) return `page, with <code>results</code>: ${schemaType(schema.properties?.['results'] ?? {})}`;
  if (schema.type === 'object') return recordType(schema);
  return escapeHtml([[schema.type ?? 'anything'].flat().join(' or '), schema.format].filter(Boolean).join(', '));
};

/** A schema in a few words. */
export const schemaType = (schema: JsonSchema): string => {
  const name = nameOf(schema);
  if (name !== undefined) return `<a href="#${schemaAnchor(name)}">${name}</a>`;
  if (schema.anyOf) return [...new Set(schema.anyOf.map(schemaType))].join(' or ');
  if (schema.const !== undefined) return values([schema.const]);
  return schema.enum ? values(schema.enum) : plainType(schema);
};

const LIMITS = [
  ['minimum', 'from'],
  ['maximum', 'to'],
  ['minLength', 'at least', 'characters'],
  ['maxLength', 'at most', 'characters'],
] as const;

const notes = (schema: JsonSchema): string => {
  const limits = LIMITS.flatMap(([keyword, before, after]) => {
    const limit = schema[keyword];
    return typeof limit === 'number' ? [[before, limit, after].filter((part) => part !== undefined).join(' ')] : [];
  });
  const fallback = schema.default === undefined ? [] : [`default ${values([schema.default])}`];
  const described = schema.description === undefined ? [] : [proseHtml(schema.description)];
  return [...limits.map(escapeHtml), ...fallback, ...described].join('; ');
};

export interface DocsField {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  readonly description?: string | undefined;
}

/** Fields or parameters as a table; nothing when there are none. */
export const fieldTable = (caption: string, fields: readonly DocsField[]): string => {
  if (fields.length === 0) return '';
  const rows = fields.map(({ name, schema, isRequired, description }) => {
    const mark = isRequired ? ' <span class="required">required</span>' : '';
    const text = [description === undefined ? '' : proseHtml(description), notes(schema)].filter(Boolean).join(' ');
    return `<tr><th scope="row"><code>${escapeHtml(name)}</code>${mark}</th><td>${schemaType(schema)}</td><td>${text}</td></tr>`;
  });
  return `<table><caption>${escapeHtml(caption)}</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Notes</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`;
};

const propertiesOf = ({ properties = {}, required = [] }: JsonSchema, marks: boolean): readonly DocsField[] =>
  Object.entries(properties)
    .filter(([, schema]) => schema['readOnly'] !== true)
    .map(([name, schema]) => ({ name, schema, isRequired: marks && required.includes(name) }));

/** A schema in full: a table of its fields, or a few words. */
export const schemaTable = (
  caption: string,
  schema: JsonSchema,
  { marksRequired }: { readonly marksRequired: boolean },
): string =>
  fieldTable(caption, propertiesOf(schema, marksRequired)) || `<p>${escapeHtml(caption)}: ${schemaType(schema)}</p>`;
