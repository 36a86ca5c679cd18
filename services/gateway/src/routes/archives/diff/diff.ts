import { exactPath } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../../deps.ts';
import { endpoint, type Endpoint } from '../../../http/core/endpoint.ts';
import { badRequest } from '../../../http/core/http-error.ts';
import { pageFields, pageOf } from '../../../http/lists/list-endpoint.ts';
import { shortIso } from '../../../db/timestamps.ts';
import { readDiff, summariseDiff, type ArchivePair, type ChangeRow } from './diff-rows.ts';
import { archiveQuery, findCataloguedArchive, type FoundArchive } from '../find-archive.ts';

const side = z
  .object({ id: z.int(), type: z.string(), mode: z.string(), mtime: z.string(), size: z.int() })
  .nullable()
  .describe('Null where the archive does not have the path; the id is as in `catalogs`.');

const tally = z.object({ entries: z.int(), bytes: z.int() });

const changeOf = ({ from_number, to_number }: ChangeRow): 'added' | 'removed' | 'changed' => {
  if (from_number === null) return 'added';
  return to_number === null ? 'removed' : 'changed';
};

const presentSide = (row: ChangeRow, side: 'from' | 'to', { id_base }: FoundArchive): object | null => {
  const number = row[`${side}_number`];
  return number === null
    ? null
    : {
        id: id_base + number,
        type: row[`${side}_type`],
        mode: row[`${side}_mode`],
        mtime: shortIso(row[`${side}_mtime`]),
        size: row[`${side}_size`],
      };
};

const present = (row: ChangeRow, { from, to }: ArchivePair): object => ({
  path: exactPath(row),
  change: changeOf(row),
  from: presentSide(row, 'from', from),
  to: presentSide(row, 'to', to),
});

export const diffRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/archives/:name/diff',
    access: 'user',
    summary: 'Retrieve how one archive differs from another, by path',
    query: z.object({
      ...archiveQuery.shape,
      to: z.string().min(1).describe('The archive to compare with: what is only there was added.'),
      to_repository: z
        .string()
        .describe('Id or name of its repository; that of the first archive unless given.')
        .optional(),
    }),
    answers: z.object({
      ...pageFields,
      from: z.string(),
      to: z.string(),
      added: tally,
      removed: tally,
      changed: z.object({ entries: z.int(), bytes: z.int().describe('By how much they grew; may be negative.') }),
      results: z.array(
        z.object({ path: z.string(), change: z.enum(['added', 'removed', 'changed']), from: side, to: side }),
      ),
    }),
    handle: async (request) => {
      const { params, query } = request;
      const other = query.get('to') ?? '';
      if (other === '') throw badRequest('to: give the name of the archive to compare with.');
      const repository = query.get('repository');
      const pair = {
        from: await findCataloguedArchive(deps, params['name'] ?? '', repository),
        to: await findCataloguedArchive(deps, other, query.get('to_repository') ?? repository),
      };
      const { added, added_bytes, removed, removed_bytes, changed, changed_bytes } = await summariseDiff(deps, pair);
      const page = pageOf(request, added + removed + changed);
      const rows = await readDiff(deps, pair, page);
      return {
        body: {
          ...page.envelope,
          from: pair.from.name,
          to: pair.to.name,
          added: { entries: added, bytes: added_bytes },
          removed: { entries: removed, bytes: removed_bytes },
          changed: { entries: changed, bytes: changed_bytes },
          results: rows.map((row) => present(row, pair)),
        },
      };
    },
  });
