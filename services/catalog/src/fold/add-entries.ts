import {
  catalogEntriesAdded,
  createDictionary,
  entryFingerprint,
  nameStart,
  unpackEntries,
  type PlainEntry,
} from '@cyborgbackup/contracts';
import { storedText } from '../tables/column-values.ts';
import { createFolderTree, rollUp, type FolderTree, type Totals } from './folder-tree.ts';
import { addTotals } from './folder-totals.ts';
import { insertEntries, type EntryColumns } from './insert-entries.ts';
import { listingStep } from './listing-step.ts';
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

const columnsOf = (entries: readonly PlainEntry[], firstNumber: number): EntryColumns => ({
  numbers: entries.map((_entry, index) => firstNumber + index),
  sizes: entries.map(({ size }) => size),
  mtimes: entries.map(({ mtime }) => mtime),
  fingerprints: entries.map(entryFingerprint),
  targets: entries.map(({ target }) => (target === '' ? null : storedText(target))),
});

const idsAt = (ids: readonly number[], indexes: readonly number[]): number[] => indexes.map((index) => ids[index] ?? 0);

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
  await insertEntries(target, listing, columns, {
    folders: idsAt(folderIds, folderIndex),
    names: idsAt(nameIds, nameIndex),
    attributes: idsAt(attributesIds, attributesIndex),
  });
  if (listing.previous_entries === 0) await addTotals(target, listing, folderIds, totals);
});
