import { entryFingerprint, type PlainEntry } from '@cyborgbackup/contracts';
import type { StepTarget } from '@cyborgbackup/projections';
import { addTotals } from './add-totals.ts';
import { createFolderTree, sumUp, type Totals } from './folder-tree.ts';
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
}

/** Sums that bytes of petabytes stay exact in. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

const createIndex = (): { keys: string[]; positionOf(key: string): number } => {
  const keys: string[] = [];
  const positions = new Map<string, number>();
  return {
    keys,
    positionOf: (key) => {
      const known = positions.get(key);
      if (known !== undefined) return known;
      positions.set(key, keys.length);
      return keys.push(key) - 1;
    },
  };
};

const attributesOf = ({ mode, owner, group, uid, gid, type }: PlainEntry) => ({ mode, owner, group, uid, gid, type });

type Columns = Omit<NewVersions, 'series' | 'sequence'>;

const targetColumns = (entries: readonly NumberedEntry[]): Pick<Columns, 'targets' | 'rawTargets'> => {
  const forms = entries.map(({ entry: { target } }) => (target === '' ? { text: null, raw: null } : pathForms(target)));
  return { targets: forms.map(({ text }) => text), rawTargets: forms.map(({ raw }) => raw) };
};

/** Adds new entries to a listing: their folders, names and attributes where those are new, and the sums of the folders. */
export const insertEntries = async (
  target: StepTarget,
  listing: Listing,
  entries: readonly NumberedEntry[],
): Promise<void> => {
  const tree = createFolderTree();
  const names = createIndex();
  const owners = createIndex();
  const folderAt = entries.map(({ folder }) => tree.positionOf(folder));
  const nameAt = entries.map(({ name }) => names.positionOf(name));
  const ownerAt = entries.map(({ entry }) => owners.positionOf(JSON.stringify(attributesOf(entry))));
  const totals = tree.folders.map((): Totals => ({ entries: 0, files: 0, bytes: 0 }));
  entries.forEach(({ entry }, at) => {
    const sum = totals[folderAt[at] ?? 0];
    if (!sum) return;
    sum.entries += 1;
    sum.files += entry.type === 'd' ? 0 : 1;
    sum.bytes = Math.min(MAX_SIZE, sum.bytes + entry.size);
  });
  sumUp(tree.folders, totals);

  await target.client.query('set local enable_seqscan = off'); // nothing has statistics yet while a first listing comes in
  const folderIds = await resolveFolders(target, listing.series, tree.folders);
  const nameIds = await resolveNames(target, names.keys);
  const ownerIds = await resolveAttributes(
    target,
    owners.keys.map((key) => JSON.parse(key) as ReturnType<typeof attributesOf>),
  );
  const pick = (ids: readonly number[], at: readonly number[]): number[] => at.map((position) => ids[position] ?? 0);
  await insertVersions(target, {
    ...listing,
    numbers: entries.map(({ number }) => number),
    folders: pick(folderIds, folderAt),
    names: pick(nameIds, nameAt),
    attributes: pick(ownerIds, ownerAt),
    sizes: entries.map(({ entry }) => entry.size),
    mtimes: entries.map(({ entry }) => entry.mtime),
    fingerprints: entries.map(({ entry }) => entryFingerprint(entry)),
    ...targetColumns(entries),
  });
  await addTotals(target, listing, folderIds, totals);
};
