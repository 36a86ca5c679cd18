import {
  catalogEntriesAdded,
  createDictionary,
  entryFingerprint,
  nameStart,
  unpackEntries,
  type PlainEntry,
} from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { NOT_ENDED } from '@cyborgbackup/read-models';
import { plainArray, storedText, storedTextArrays } from '../tables/column-values.ts';
import { createFolderTree, rollUp, type FolderTree, type Totals } from './folder-tree.ts';
import { addTotals } from './folder-totals.ts';
import { listingStep, type CurrentListing } from './listing-step.ts';
import { resolveAttributes, resolveFolders, resolveNames } from './resolve-ids.ts';

const attributesKey = ({ mode, owner, group, uid, gid, type }: PlainEntry): string =>
  `${mode}\0${owner}\0${group}\0${uid}\0${gid}\0${type}`;

/** @returns by folder, the totals of it and all below it. @param folderIndex by entry, the index of its folder in the tree */
const totalsOf = (tree: FolderTree, entries: readonly PlainEntry[], folderIndex: readonly number[]): Totals[] => {
  const totals = tree.folders.map((): Totals => ({ entries: 0, files: 0, bytes: 0 }));
  entries.forEach(({ type, size }, index) => {
    const sum = totals[folderIndex[index] ?? 0];
    if (!sum) return;
    sum.entries += 1;
    sum.files += type === 'd' ? 0 : 1;
    sum.bytes += size;
  });
  rollUp(tree.folders, totals);
  return totals;
};

/** The columns of new entries that need no table, each as the text of an array. */
const columnsOf = (entries: readonly PlainEntry[], firstNumber: number) => ({
  numbers: plainArray(entries.map((_entry, index) => firstNumber + index)),
  sizes: plainArray(entries.map(({ size }) => size)),
  mtimes: plainArray(entries.map(({ mtime }) => mtime)),
  fingerprints: plainArray(entries.map(entryFingerprint)),
  targets: storedTextArrays(entries.map(({ target }) => (target === '' ? null : storedText(target)))),
});

const idsAt = (ids: readonly number[], indexes: readonly number[]): string =>
  plainArray(indexes.map((index) => ids[index] ?? 0));

/** Inserts entries that begin with this listing. @param ids of their folders, names and attributes */
const insertEntries = async (
  { client, schema }: StepTarget,
  { series_id, sequence }: CurrentListing,
  { numbers, sizes, mtimes, fingerprints, targets }: ReturnType<typeof columnsOf>,
  ids: readonly [folders: string, names: string, attributes: string],
): Promise<void> => {
  await client.query(
    `insert into ${schema}.entries (series_id, number, folder_id, name_id, attributes_id, first_archive, last_archive, size,
                                    mtime, fingerprint, target, target_raw)
     select $1, number, folder, name, attributes, $2, ${NOT_ENDED}, size,
            timestamptz 'epoch' + mtime * interval '1 microsecond', fingerprint, target, target_raw
       from unnest($3::int4[], $4::int4[], $5::int4[], $6::int4[], $7::int8[], $8::int8[], $9::uuid[], $10::text[],
                   $11::text[])
            as given(number, folder, name, attributes, size, mtime, fingerprint, target, target_raw)`,
    [series_id, sequence, numbers, ...ids, sizes, mtimes, fingerprints, ...targets],
  );
};

/**
 * Adds new entries to a listing, with their folders, names and attributes where those are new. Without entries in the listing
 * before, the totals of folders are kept as the entries come; otherwise they are rolled up when the listing is complete.
 */
export const addEntries = listingStep(catalogEntriesAdded, async (target, listing, data) => {
  const entries = unpackEntries(data.entries);
  const names = createDictionary<string>();
  const nameIndex = entries.map(({ path }) => {
    const name = path.slice(nameStart(path));
    return names.numberOf(name, name);
  });
  await target.client.query('set local enable_seqscan = off'); // the tables have no statistics yet during a first listing
  const resolvingNames = resolveNames(target, names.items);
  // While the server resolves the names, prepare everything that needs no table.
  const tree = createFolderTree();
  const folderIndex = entries.map(({ path }) => tree.positionOf(path.slice(0, nameStart(path))));
  const attributes = createDictionary<PlainEntry>();
  const attributesIndex = entries.map((entry) => attributes.numberOf(attributesKey(entry), entry));
  const totals = totalsOf(tree, entries, folderIndex);
  const columns = columnsOf(entries, data.first_number);
  const nameIds = await resolvingNames;
  const folderIds = await resolveFolders(target, listing.series_id, tree.folders);
  const attributesIds = await resolveAttributes(target, attributes.items);
  await insertEntries(target, listing, columns, [
    idsAt(folderIds, folderIndex),
    idsAt(nameIds, nameIndex),
    idsAt(attributesIds, attributesIndex),
  ]);
  if (listing.previous_entries === 0) await addTotals(target, listing, folderIds, totals);
});
