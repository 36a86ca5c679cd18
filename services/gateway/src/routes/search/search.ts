import { exactPath } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { shortIso } from '../../db/timestamps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { badRequest } from '../../http/core/http-error.ts';
import { represent, urlOf } from '../../http/core/representation.ts';
import { escapeLike } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { findSeries, ownerFields, seriesQuery } from '../entries/series.ts';
import { MAX_KEY, readFound, type SearchKey, type SearchRow } from './search-rows.ts';
import { presentSpan, spanFields } from '../entries/span.ts';

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1_000;
const MAX_NAME = 255;

/** Groups whose archives were all removed are left out; the search is continued up to so many times to fill a page. */
const ROUNDS = 10;

const resultSchema = z.object({
  id: z.int().describe('Of its latest version, as in `catalogs`.'),
  url: z.string().describe('Of its latest version; `content/` below it is what it holds.'),
  name: z.string(),
  path: z.string(),
  ...ownerFields,
  versions: z.int().describe('How many different states of it are in the archives.'),
  type: z.string(),
  size: z.int().describe('Bytes, in the latest version.'),
  mtime: z.string(),
  ...spanFields,
});

const present = (row: SearchRow): object => {
  const path = exactPath(row);
  const id = row.id_base + row.latest;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const mtime = shortIso(row.mtime);
  return represent(resultSchema, { ...row, ...presentSpan(row), id, url: urlOf('catalogs', id), name, path, mtime });
};

const parseCursor = (text: string | null): SearchKey => {
  const parts = /^(\d{1,10})-(\d{1,10})-(\d{1,10})$/
    .exec(text ?? '0-0-0')
    ?.slice(1)
    .map(Number);
  const [name_id = 0, series_id = 0, folder_id = 0] = parts ?? [];
  if (!parts || Math.max(...parts) > MAX_KEY)
    throw badRequest('cursor: take it from the `next_page` of the page before.');
  return { name_id, series_id, folder_id };
};

const parseSize = (text: string | null): number =>
  /^[1-9]\d{0,8}$/.test(text ?? '') ? Math.min(Number(text), MAX_SIZE) : DEFAULT_SIZE;

const parseName = (text: string | null): string => {
  if (text === null || text === '') throw badRequest('name: give a part of the name to search for.');
  if (text.length > MAX_NAME || text.includes('\0')) throw badRequest('name: give up to 255 characters of a name.');
  return `%${escapeLike(text)}%`;
};

const nextLink = ({ query, path }: ApiRequest, { name_id, series_id, folder_id }: SearchKey): string => {
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', `${name_id}-${series_id}-${folder_id}`);
  parameters.sort();
  return `${path.replace(/\/*$/, '/')}?${parameters.toString()}`;
};

/** Searches all clients and archives by a part of the name. */
export const searchRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/search',
    access: 'user',
    summary: 'Search all archives of all clients for a part of a name',
    query: z.object({
      name: z.string().min(1).max(MAX_NAME).describe('A part of the last part of the path, in whatever case.'),
      ...seriesQuery,
      page_size: z.string().describe('Results at once, 1000 at most; 100 unless given.').optional(),
      cursor: z.string().describe('Where to go on, as `next` has it.').optional(),
    }),
    answers: z.object({
      next_page: z.string().nullable().describe('There may be more there.'),
      results: z.array(resultSchema),
    }),
    handle: async (request) => {
      const { query } = request;
      const pattern = parseName(query.get('name'));
      const size = parseSize(query.get('page_size'));
      const series = await findSeries(deps, query);
      const results: object[] = [];
      let after: SearchKey | undefined = parseCursor(query.get('cursor'));
      for (let round = 0; round < ROUNDS && after && results.length < size; round += 1) {
        const limit = size - results.length;
        const { rows, last } = await readFound(deps.reader, { pattern, series, after, limit });
        results.push(...rows.map(present));
        after = last;
      }
      return { body: { next_page: after ? nextLink(request, after) : null, results } };
    },
  });
