import { z } from 'zod';
import type { Authored } from '../../db/authored.ts';

/** The root of every URL that the API emits; they are relative, with a trailing slash. */
export const API_ROOT = '/api/v1';

export const urlOf = (collection: string, id: number | string, action?: string): string =>
  `${API_ROOT}/${collection}/${id}/${action === undefined ? '' : `${action}/`}`;

/** How a resource names itself and others. */
export const linkFields = {
  id: z.int(),
  type: z.string(),
  url: z.string(),
  related: z.record(z.string(), z.string()),
  summary_fields: z.record(z.string(), z.unknown()),
};

/** The fields that all resources with authors have in common. */
export const commonSchema = {
  ...linkFields,
  created: z.string(),
  modified: z.string(),
  created_by: z.int().nullable(),
  modified_by: z.int().nullable(),
};

export const withoutNulls = <Value>(
  fields: Readonly<Record<string, Value | null | undefined>>,
): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Value] => entry[1] !== null && entry[1] !== undefined),
  );

interface Links {
  /** The plural under `/api/v1/`. */
  readonly collection: string;
  readonly related?: Readonly<Record<string, string | null>>;
  readonly summaries?: Readonly<Record<string, unknown>>;
}

/** How a row refers to itself and to others. Both maps begin with its authors; what is null is left out of them. */
export const linksOf = (
  row: Partial<Authored> & { readonly id: number },
  { collection, related, summaries }: Links,
): Record<'url' | 'related' | 'summary_fields', unknown> => ({
  url: urlOf(collection, row.id),
  related: withoutNulls({
    created_by: row.created_by ? urlOf('users', row.created_by) : null,
    modified_by: row.modified_by ? urlOf('users', row.modified_by) : null,
    ...related,
  }),
  summary_fields: withoutNulls({ created_by: row.creator, modified_by: row.modifier, ...summaries }),
});

/** The values that the schema names, in its order; others are left out. A literal `type` of the schema is filled in. */
export const represent = <Shape extends z.ZodRawShape>(
  { shape }: z.ZodObject<Shape>,
  values: Readonly<Record<Exclude<keyof Shape, 'type'>, unknown>>,
): Record<keyof Shape, unknown> => {
  const type: unknown = shape['type'];
  const all: Readonly<Record<string, unknown>> =
    type instanceof z.ZodLiteral ? { ...values, type: type.value } : values;
  return Object.fromEntries(Object.keys(shape).map((name) => [name, all[name]])) as Record<keyof Shape, unknown>;
};
