import { defineTable, type RowOf } from '@cyborgbackup/projections/define';

/** `last_archive` of an entry that has not ended: the latest complete listing of its series has it. */
export const NOT_ENDED = 2_147_483_647;

/**
 * An entry as it was in consecutive archives: those of its series whose sequence is from `first_archive` to `last_archive`.
 * Its path and attributes are in tables of their own. Written by the listing's steps.
 */
export const entries = defineTable('catalog.entries', {
  columns: {
    series_id: 'int4',
    /** Within its series, in the order in which entries were found. */
    number: 'int4',
    folder_id: 'int4',
    name_id: 'int4',
    attributes_id: 'int4',
    first_archive: 'int4',
    /** Not in any index: an entry then ends without a new copy of its index entries. */
    last_archive: 'int4',
    size: 'safeint',
    mtime: 'timestamptz',
    fingerprint: 'uuid',
    target: 'text?',
    /** base64 of the target's bytes where they are not UTF-8. */
    target_raw: 'text?',
  },
  key: ['series_id', 'number'],
  lookups: ['(series_id, folder_id, fingerprint)', '(name_id, series_id, folder_id)'],
});
export type EntryRow = RowOf<typeof entries>;

/**
 * A folder of a series, with a slash at its end; the root is empty. Written by the listing's steps.
 *
 * A B-tree holds keys of up to 2,700 bytes, and paths may be longer: they are looked up by a hash. It is a B-tree of hashes,
 * since with a hash index the same folders of a thousand series would be in each other's way.
 */
export const folders = defineTable('catalog.folders', {
  columns: {
    series_id: 'int4',
    id: 'int4',
    path: 'text',
    /** base64 of the path's bytes where they are not UTF-8. */
    raw: 'text?',
    parent_id: 'int4?',
  },
  key: ['series_id', 'id'],
  lookups: ['(series_id, hashtextextended(path, 0))', '(series_id, parent_id)'],
});
export type FolderRow = RowOf<typeof folders>;

/** The last part of a path, once for all series: searches by name look here. */
export const entryNames = defineTable('catalog.entry_names', {
  columns: {
    id: 'int4',
    name: 'text',
    /** base64 of the name's bytes where they are not UTF-8. */
    raw: 'text?',
  },
  key: ['id'],
  lookups: ['using hash (name)'],
});
export type EntryNameRow = RowOf<typeof entryNames>;

/** The attributes that many entries have in common, once for all series. */
export const entryAttributes = defineTable('catalog.entry_attributes', {
  columns: {
    id: 'int4',
    /** As `ls` prints it; an `h` in front marks a hard link to the entry's `target`. */
    mode: 'text',
    owner: 'text',
    group_name: 'text',
    uid: 'safeint',
    gid: 'safeint',
    /** One letter: `-` file, `d` folder, `l` link, … */
    type: 'text',
  },
  key: ['id'],
  lookups: ['(mode, uid, gid)'],
});
export type EntryAttributesRow = RowOf<typeof entryAttributes>;

/** Which entries ended with a listing. Written by the listing's steps. */
export const endedEntries = defineTable('catalog.ended_entries', {
  columns: {
    series_id: 'int4',
    /** Of the listing that did not have them any more. */
    sequence: 'int4',
    part: 'int4',
    numbers: 'int4[]',
  },
  key: ['series_id', 'sequence', 'part'],
});

/**
 * By how much a folder, with all below it, grew with one listing. The sum over all listings up to an archive's is what the
 * folder holds in that archive. Written by the listing's steps.
 */
export const folderTotals = defineTable('catalog.folder_totals', {
  columns: {
    series_id: 'int4',
    folder_id: 'int4',
    sequence: 'int4',
    /** Everything below, folders too. */
    entries: 'int4',
    /** Everything below that is no folder. */
    files: 'int4',
    bytes: 'safeint',
  },
  key: ['series_id', 'folder_id', 'sequence'],
  lookups: ['(series_id, sequence)'],
});

/** An entry that cannot be restored whole from one archive. Written by steps. */
export const brokenEntries = defineTable('catalog.broken_entries', {
  columns: {
    job_uuid: 'uuid',
    number: 'int4',
    /** `listing` or `check`. */
    found_by: 'text',
  },
  key: ['job_uuid', 'number', 'found_by'],
});

/** As `broken_entries`, of the listing that is under way. */
export const pendingBrokenEntries = defineTable('catalog.pending_broken_entries', {
  columns: { series_id: 'int4', number: 'int4' },
  key: ['series_id', 'number'],
});
