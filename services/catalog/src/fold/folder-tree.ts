/** A folder among others. */
export interface TreeFolder {
  /** With a slash at its end, or empty for the one above all. */
  readonly path: string;
  /** Position of the folder above it; -1 for the one above all. */
  readonly parent: number;
}

/** What lies in a folder, or in it and below. */
export interface Totals {
  entries: number;
  files: number;
  bytes: number;
}

/** Of any path with a slash at its end, be it only that. */
const parentOf = (path: string): string =>
  path.length < 2 ? '' : path.slice(0, path.lastIndexOf('/', path.length - 2) + 1);

/** Folders with all that are above them, each once, those above first. */
export interface FolderTree {
  readonly folders: readonly TreeFolder[];
  /** Its position; added when it is new. */
  positionOf(path: string): number;
}

export const createFolderTree = (): FolderTree => {
  const folders: TreeFolder[] = [{ path: '', parent: -1 }];
  const positions = new Map([['', 0]]);
  const positionOf = (path: string): number => {
    const known = positions.get(path);
    if (known !== undefined) return known;
    const missing = [path];
    for (let above = parentOf(path); !positions.has(above); above = parentOf(above)) missing.push(above);
    for (const each of missing.reverse()) {
      positions.set(each, folders.length);
      folders.push({ path: each, parent: positions.get(parentOf(each)) ?? 0 });
    }
    return folders.length - 1;
  };
  return { folders, positionOf };
};

/** Adds to each folder what lies below it. @param totals by position, what lies in each folder itself; changed in place */
export const rollUp = (folders: readonly TreeFolder[], totals: readonly Totals[]): void => {
  for (let at = folders.length - 1; at > 0; at -= 1) {
    const above = totals[folders[at]?.parent ?? 0];
    const below = totals[at];
    if (!above || !below) continue;
    above.entries += below.entries;
    above.files += below.files;
    above.bytes += below.bytes;
  }
};
