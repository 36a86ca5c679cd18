import { entryFingerprint, type PlainEntry } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { addTotals } from './add-totals.ts';
import { createFolderTree, sumUp, type FolderTree, type Totals } from './folder-tree.ts';
import { insertVersions, type NewVersions } from './insert-versions.ts';
import { pathForms } from './path-forms.ts';
import { resolveAttributes } from './resolve-attributes.ts';
import { resolveFolders } from './resolve-folders.ts';
import { resolveNames } from './resolve-names.ts';

/** An entry with its number, and its path taken apart. */
export interface NumberedEntry {
  readonly number: number;
  readonly folder: string;
  readonly name: string;
  readonly entry: PlainEntry;
}

interface Listing {
  readonly series: number;
  readonly sequence: number;
  /** Entries of the listing before; without any, the sums of folders are kept as the entries come. */
  readonly previousEntries: number;
}

/** Different things, each with its position. */
interface Index<Item> {
  readonly items: readonly Item[];
  positionOf(key: string, item: Item): number;
}

const createIndex = <Item>(): Index<Item> => {
  const items: Item[] = [];
  const positions = new Map<string, number>();
  return {
    items,
    positionOf: (key, item) => {
      const known = positions.get(key);
      if (known !== undefined) return known;
      positions.set(key, items.length);
      return items.push(item) - 1;
    },
  };
};

const attributesKey = ({ mode, owner, group, uid, gid, type }: PlainEntry): string =>
  `${mode}\0${owner}\0${group}\0${uid}\0${gid}\0${type}`;

/** What of new entries can be made ready without the tables. */
interface Described {
  readonly tree: FolderTree;
  /** By entry, the position of its folder in the tree. */
  readonly folderAt: readonly number[];
  readonly owners: Index<PlainEntry>;
  readonly ownerAt: readonly number[];
  /** By folder. */
  readonly totals: readonly Totals[];
  readonly columns: Omit<NewVersions, 'series' | 'sequence' | 'folders' | 'names' | 'attributes'>;
}

const totalsOf = (tree: FolderTree, entries: readonly NumberedEntry[], folderAt: readonly number[]): Totals[] => {
  const totals = tree.folders.map((): Totals => ({ entries: 0, files: 0, bytes: 0 }));
  entries.forEach(({ entry }, at) => {
    const sum = totals[folderAt[at] ?? 0];
    if (!sum) return;
    sum.entries += 1;
    sum.files += entry.type === 'd' ? 0 : 1;
    sum.bytes += entry.size;
  });
  sumUp(tree.folders, totals);
  return totals;
};

const describe = (entries: readonly NumberedEntry[]): Described => {
  const tree = createFolderTree();
  const owners = createIndex<PlainEntry>();
  const folderAt = entries.map(({ folder }) => tree.positionOf(folder));
  const ownerAt = entries.map(({ entry }) => owners.positionOf(attributesKey(entry), entry));
  const targets = entries.map(({ entry: { target } }) =>
    target === '' ? { text: null, raw: null } : pathForms(target),
  );
  const columns = {
    numbers: entries.map(({ number }) => number),
    sizes: entries.map(({ entry }) => entry.size),
    mtimes: entries.map(({ entry }) => entry.mtime),
    fingerprints: entries.map(({ entry }) => entryFingerprint(entry)),
    targets: targets.map(({ text }) => text),
    rawTargets: targets.map(({ raw }) => raw),
  };
  return { tree, folderAt, owners, ownerAt, totals: totalsOf(tree, entries, folderAt), columns };
};

const pick = (ids: readonly number[], at: readonly number[]): number[] => at.map((position) => ids[position] ?? 0);

/** Adds new entries to a listing, with their folders, names and attributes where those are new. */
export const insertEntries = async (
  target: StepTarget,
  listing: Listing,
  entries: readonly NumberedEntry[],
): Promise<void> => {
  const names = createIndex<string>();
  const nameAt = entries.map(({ name }) => names.positionOf(name, name));
  await target.client.query('set local enable_seqscan = off'); // nothing has statistics yet while a first listing comes in
  const naming = resolveNames(target, names.items);
  const { tree, folderAt, owners, ownerAt, totals, columns } = describe(entries); // while the server works on the names
  const nameIds = await naming;
  const folderIds = await resolveFolders(target, listing.series, tree.folders);
  const ownerIds = await resolveAttributes(target, owners.items);
  const ids = {
    folders: pick(folderIds, folderAt),
    names: pick(nameIds, nameAt),
    attributes: pick(ownerIds, ownerAt),
  };
  await insertVersions(target, { series: listing.series, sequence: listing.sequence, ...columns, ...ids });
  if (listing.previousEntries === 0) await addTotals(target, listing, folderIds, totals);
};
