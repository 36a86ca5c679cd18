import { z } from 'zod';
import { shortIso } from '../../db/timestamps.ts';

/** The archives that have an entry: the first and the last of them by the time they were made, and how many there are. */
export interface SpanRow {
  readonly archives: number;
  readonly first_name: string;
  readonly first_started: string;
  readonly last_name: string;
  readonly last_started: string;
}

/** In SQL: the columns of `SpanRow` over rows `a` of archives. */
export const SPAN_COLUMNS = `
  count(distinct a.job_uuid) as archives,
  (array_agg(a.archive_name order by a.started_at, a.position))[1] as first_name, min(a.started_at) as first_started,
  (array_agg(a.archive_name order by a.started_at desc, a.position desc))[1] as last_name,
  max(a.started_at) as last_started`;

const archive = z.object({ name: z.string(), started: z.string() });

export const spanFields = {
  archives: z.int().describe('How many archives have it.'),
  first_archive: archive,
  last_archive: archive,
};

export const presentSpan = (row: SpanRow): Record<keyof typeof spanFields, unknown> => ({
  archives: row.archives,
  first_archive: { name: row.first_name, started: shortIso(row.first_started) },
  last_archive: { name: row.last_name, started: shortIso(row.last_started) },
});
