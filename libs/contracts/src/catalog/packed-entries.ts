import { z } from 'zod';
import { BATCH_MAX_ENTRIES, type PlainEntry } from './entries.ts';

const MAX_PATH = 32_768;

const path = z.string().max(MAX_PATH);
const list = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).max(BATCH_MAX_ENTRIES);
const index = z.int().min(0).max(BATCH_MAX_ENTRIES);

/** Attributes that many entries share. */
const attributes = z.object({
  mode: z.string().max(10),
  owner: z.string().max(255),
  group: z.string().max(255),
  uid: z.int(),
  gid: z.int(),
  type: z.string().max(1),
});
type Attributes = z.infer<typeof attributes>;

/**
 * Entries by column, in the order of the listing: neighbours share their folder and owner, so each of those is written
 * once. A path is its folder and its name put together; a folder ends with a slash, and that of the topmost names is empty.
 */
export const packedEntries = z
  .object({
    folders: list(path),
    attributes: list(attributes),
    /** Position in `folders`, by entry; the following columns likewise. */
    folder: list(index),
    attribute: list(index),
    name: list(path),
    /** Microseconds since 1970, UTC. */
    mtime: list(z.int()),
    /** Bytes. */
    size: list(z.int().min(0)),
    /** Where links point, by the entry's position. */
    targets: list(z.tuple([index, path])),
  })
  .refine(
    ({ folders, attributes: owners, folder, attribute, name, mtime, size }) =>
      [folder, attribute, mtime, size].every(({ length }) => length === name.length) &&
      folder.every((at) => at < folders.length) &&
      attribute.every((at) => at < owners.length),
    'The columns do not fit together.',
  );
export type PackedEntries = z.infer<typeof packedEntries>;

/** Where a path's name begins; everything before it is the folder, with its slash. */
export const nameStart = (text: string): number => text.lastIndexOf('/') + 1;

/** Gives each distinct key the next number, from 0. */
export const createDictionary = <Item>(): { items: Item[]; numberOf(key: string, item: Item): number } => {
  const numbers = new Map<string, number>();
  const items: Item[] = [];
  return {
    items,
    numberOf: (key, item) => {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, items.length);
      items.push(item);
      return items.length - 1;
    },
  };
};

/** @param entries no more than a batch holds */
export const packEntries = (entries: readonly PlainEntry[]): PackedEntries => {
  const folders = createDictionary<string>();
  const owners = createDictionary<Attributes>();
  const packed: PackedEntries = {
    folders: folders.items,
    attributes: owners.items,
    folder: [],
    attribute: [],
    name: [],
    mtime: [],
    size: [],
    targets: [],
  };
  entries.forEach(({ path: whole, mode, owner, group, uid, gid, type, mtime, size, target }, at) => {
    const start = nameStart(whole);
    const folder = whole.slice(0, start);
    packed.folder.push(folders.numberOf(folder, folder));
    packed.name.push(whole.slice(start));
    const key = `${mode}\0${owner}\0${group}\0${uid}\0${gid}\0${type}`;
    packed.attribute.push(owners.numberOf(key, { mode, owner, group, uid, gid, type }));
    packed.mtime.push(mtime);
    packed.size.push(size);
    if (target !== '') packed.targets.push([at, target]);
  });
  return packed;
};

export const unpackEntries = (packed: PackedEntries): PlainEntry[] => {
  const targets = new Map(packed.targets);
  return packed.name.map((name, at) => {
    const owner = packed.attributes[packed.attribute[at] ?? 0];
    if (!owner) throw new TypeError('Packed entries have no attributes');
    return {
      path: `${packed.folders[packed.folder[at] ?? 0] ?? ''}${name}`,
      ...owner,
      mtime: packed.mtime[at] ?? 0,
      size: packed.size[at] ?? 0,
      target: targets.get(at) ?? '',
    };
  });
};
