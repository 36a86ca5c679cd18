import { defineReadModel } from '@cyborgbackup/projections';

/** A folder of a series, with a slash at its end; the one above all is empty. Written by the listing's steps. */
export interface FolderRow {
  readonly series: number;
  readonly id: number;
  readonly path: string;
  /** base64 of the path's bytes where they are not UTF-8. */
  readonly raw: string | null;
  readonly parent: number | null;
}

// A B-tree holds keys of up to 2,700 bytes, and paths may be longer: they are looked up by a hash. It is a B-tree of hashes,
// since with a hash index the same folders of a thousand series would be in each other's way.
export const folders = defineReadModel<FolderRow, never>({
  table: 'folders',
  columns: { series: 'int4', id: 'int4', path: 'text', raw: 'text?', parent: 'int4?' },
  key: ['series', 'id'],
  lookups: ['(series, hashtextextended(path, 0))', '(series, parent)'],
  on: {},
});

/** The last part of a path, once for all series: what is searched for by name. */
export interface NameRow {
  readonly id: number;
  readonly name: string;
  /** base64 of the name's bytes where they are not UTF-8. */
  readonly raw: string | null;
}

export const names = defineReadModel<NameRow, never>({
  table: 'names',
  columns: { id: 'int4', name: 'text', raw: 'text?' },
  key: ['id'],
  lookups: ['using hash (name)'],
  on: {},
});

/** What many entries have in common. */
export interface AttributesRow {
  readonly id: number;
  readonly mode: string;
  readonly owner: string;
  readonly group_name: string;
  readonly uid: number;
  readonly gid: number;
  readonly type: string;
}

export const attributes = defineReadModel<AttributesRow, never>({
  table: 'attributes',
  columns: {
    id: 'int4',
    mode: 'text',
    owner: 'text',
    group_name: 'text',
    uid: 'safeint',
    gid: 'safeint',
    type: 'text',
  },
  key: ['id'],
  lookups: ['(mode, uid, gid)'],
  on: {},
});
