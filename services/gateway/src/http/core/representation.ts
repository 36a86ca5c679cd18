import { z } from 'zod';
import type { Authored } from '../../db/authored.ts';

/** The root of every URL that the API emits; they are relative, with a trailing slash. */
export const API_ROOT = '/api/v1';

export const urlOf = (collection: string, id: number | string, action?: string): string =>
  `${API_ROOT}/${collection}/${id}/${action === undefined ? '' : `${action}/`}`;

export const userUrl = (id: number): string => urlOf('users', id);

/** The fields that all resources have in common. */
export const commonSchema = {
  id: z.int(),
  type: z.string(),
  url: z.string(),
  related: z.record(z.string(), z.string()),
  summary_fields: z.record(z.string(), z.unknown()),
  created: z.string(),
  modified: z.string(),
  created_by: z.int().nullable(),
  modified_by: z.int().nullable(),
};

export interface CommonRow extends Authored {
  readonly id: number;
  readonly created: string;
  readonly modified: string;
}

export interface CommonParts {
  readonly type: string;
  /** The plural under `/api/v1/`. */
  readonly collection: string;
  readonly related?: Readonly<Record<string, string | null>>;
  readonly summaries?: Readonly<Record<string, unknown>>;
}

const withoutNulls = <Value>(fields: Readonly<Record<string, Value | null | undefined>>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Value] => entry[1] !== null && entry[1] !== undefined),
  );

/** Both maps begin with the people; what is null is left out of them. */
export const presentCommon = (row: CommonRow, parts: CommonParts): Record<keyof typeof commonSchema, unknown> => ({
  id: row.id,
  type: parts.type,
  url: urlOf(parts.collection, row.id),
  related: withoutNulls({
    created_by: row.created_by === null ? null : userUrl(row.created_by),
    modified_by: row.modified_by === null ? null : userUrl(row.modified_by),
    ...parts.related,
  }),
  summary_fields: withoutNulls({ created_by: row.creator, modified_by: row.modifier, ...parts.summaries }),
  created: row.created,
  modified: row.modified,
  created_by: row.created_by,
  modified_by: row.modified_by,
});

/** The named properties of a row, in that order. */
export const pick = <Row extends object, const Names extends readonly (keyof Row)[]>(
  row: Row,
  names: Names,
): Pick<Row, Names[number]> => Object.fromEntries(names.map((name) => [name, row[name]])) as Pick<Row, Names[number]>;
