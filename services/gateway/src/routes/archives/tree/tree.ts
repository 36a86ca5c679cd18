import { exactName, exactPath } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../../deps.ts';
import { endpoint, type Endpoint } from '../../../http/core/endpoint.ts';
import { pageFields, pageOf } from '../../../http/lists/list-endpoint.ts';
import { entrySchema, presentEntry, type EntryRow } from '../../entries/entry.ts';
import { archiveQuery, findCataloguedArchive, type FoundArchive } from '../find-archive.ts';
import { findFolder, type FoundFolder } from './find-folder.ts';
import { countItems, readItems, type ItemRow } from './folder-items.ts';

const itemSchema = z.object({
  ...entrySchema.shape,
  id: z.int().nullable().describe('As in `catalogs`; null for a folder that is in the archive only by what it holds.'),
  name: z.string(),
  path: z.string(),
  mtime: z.string().nullable(),
  size: z.int().describe('Bytes; of a folder, with all below it.'),
  files: z.int().nullable().describe('Of a folder: how many are below it.'),
  healthy: z.boolean(),
});

/** The fields of a folder that has no entry of its own: only its contents are known. */
const WITHOUT_ENTRY = { type: 'd', mode: '', mtime: null, owner: '', group: '', uid: 0, gid: 0, target: '' };

const hasEntry = (row: ItemRow): row is ItemRow & EntryRow => typeof row.number === 'number';

const presentItem = (row: ItemRow, archive: FoundArchive, folder: FoundFolder): object => {
  const path =
    row.folder_path === null
      ? exactPath({ folder: folder.path, folder_raw: folder.raw, name: row.name, name_raw: row.name_raw })
      : exactName({ folder: '', folder_raw: null, name: row.folder_path, name_raw: row.folder_raw }).slice(0, -1);
  const entry = hasEntry(row) ? presentEntry(row, archive.id_base) : { id: null, ...WITHOUT_ENTRY };
  const isFolder = !hasEntry(row) || row.type === 'd';
  return {
    ...entry,
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    size: isFolder ? (row.bytes ?? 0) : row.size,
    files: isFolder ? (row.files ?? 0) : null,
    healthy: row.healthy,
  };
};

export const treeRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/archives/:name/tree',
    access: 'user',
    summary: 'Retrieve what is in one folder of an archive, with the sizes of folders',
    query: z.object({
      ...archiveQuery.shape,
      path: z.string().describe('The folder, as `catalogs` has it; the one above all unless given.').optional(),
      entry: z.string().describe('In place of `path`: the id of the folder’s catalog entry.').optional(),
    }),
    answers: z.object({
      ...pageFields,
      archive: z.string(),
      path: z.string(),
      files: z.int().describe('In the folder and all below it.'),
      size: z.int().describe('Bytes in the folder and all below it.'),
      results: z.array(itemSchema),
    }),
    handle: async (request) => {
      const { query, params } = request;
      const archive = await findCataloguedArchive(deps, params['name'] ?? '', query.get('repository'));
      const folder = await findFolder(deps, archive, { path: query.get('path') ?? '', entry: query.get('entry') });
      const page = pageOf(request, await countItems(deps, archive, folder));
      const items = await readItems(deps, archive, folder, page);
      const path = exactName({ folder: '', folder_raw: null, name: folder.path, name_raw: folder.raw });
      return {
        body: {
          ...page.envelope,
          archive: archive.name,
          path: path.slice(0, -1),
          files: folder.files,
          size: folder.bytes,
          results: items.map((row) => presentItem(row, archive, folder)),
        },
      };
    },
  });
