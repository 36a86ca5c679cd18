import { exactPath, type StoredPath } from '@cyborgbackup/contracts';
import { isHealthy, isListed, PATH_COLUMNS } from '@cyborgbackup/read-models';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { represent } from '../../http/core/representation.ts';
import { badRequest } from '../../http/core/http-error.ts';
import { ENTRIES_OF_ARCHIVE } from '../entries/find-entry.ts';
import { isInvalidPattern } from '../../db/reader.ts';

const MAX_PATTERN = 4096;
/** A regular expression can take PostgreSQL any time. */
const PATTERN_MILLIS = 2_000;
/** Without pages there is a limit; clients walk folder by folder. */
const MAX_ENTRIES = 20_000;

const COUNT = `select coalesce(sum(entries), 0) as count from catalog.archives
  where not removed and ($1::text is null or archive_name = $1)`;

const MATCHING = `
  select a.archive_name, f.path || n.name as path, ${PATH_COLUMNS}, x.type, v.size,
         ${isHealthy('a.job_uuid', 'v.number')} as healthy,
         v.mtime, x.owner, x.group_name as "group", x.mode
    from catalog.archives a
         ${ENTRIES_OF_ARCHIVE}
   where ${isListed('a')} and ($1::text is null or a.archive_name = $1) and f.path || n.name ~ $2
   order by path limit ${MAX_ENTRIES}`;

/** This endpoint's own form: `2018-11-23 23:03:52.000000+0000`. */
const plainTime = (iso: string): string => iso.replace('T', ' ').replace('Z', '+0000');

const entrySchema = z.object({
  archive_name: z.string(),
  path: z.string(),
  type: z.string(),
  size: z.int(),
  healthy: z.boolean(),
  mtime: z.string(),
  owner: z.string(),
  group: z.string(),
  mode: z.string(),
});

type MatchingEntry = z.output<typeof entrySchema> & StoredPath;

const present = (row: MatchingEntry): object =>
  represent(entrySchema, { ...row, path: exactPath(row), mtime: plainTime(row.mtime) });

const matching = async (
  deps: GatewayDeps,
  archive: string | null,
  pattern: string,
): Promise<readonly MatchingEntry[]> => {
  if (pattern.length > MAX_PATTERN) throw badRequest(`A pattern has no more than ${MAX_PATTERN} characters.`);
  try {
    return await deps.reader.rows<MatchingEntry>(MATCHING, [archive, `^(?:${pattern})$`], {
      timeoutMillis: PATTERN_MILLIS,
    });
  } catch (error) {
    throw isInvalidPattern(error) ? badRequest('path__regexp is not a valid regular expression.') : error;
  }
};

/** An older way to browse archives, which the original's console uses; `catalogs` has pages and filters. */
export const escatalogRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/escatalogs',
    access: 'user',
    summary: 'Count the entries of archives, or retrieve those whose path matches a pattern',
    isCostly: true,
    query: z.object({ archive_name: z.string().optional(), path__regexp: z.string().optional() }),
    answers: z.object({ count: z.int(), results: z.array(entrySchema) }),
    handle: async ({ query }) => {
      const archive = query.get('archive_name');
      const pattern = query.get('path__regexp');
      if (pattern === null) {
        return { body: { count: await deps.reader.count(COUNT, [archive]), results: [] } };
      }
      const rows = await matching(deps, archive, pattern);
      return { body: { count: rows.length, results: rows.map(present) } };
    },
  });
