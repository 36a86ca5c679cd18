import { randomInt } from 'node:crypto';

/** What is at a path: an entry of this type, or (`container`) no entry yet, but something below it. */
export type PathKind = 'container' | 'folder' | 'file' | 'link' | 'other';

/** 0 is an empty place of the table. */
const CODES: Readonly<Record<PathKind, number>> = { container: 1, folder: 2, file: 3, link: 4, other: 5 };
const KINDS: readonly (PathKind | undefined)[] = [undefined, 'container', 'folder', 'file', 'link', 'other'];
const CODE_BITS = 0b111;

const FIRST_CAPACITY = 1 << 12;
const MAX_CAPACITY = 1 << 26;
/** Part of the places that may be taken. */
const LOAD = 0.75;

/** The most paths that a table takes, folders without an entry included: 512 MiB. */
export const PATH_TABLE_MAX = MAX_CAPACITY * LOAD;

/** An earlier path that rules a new one out, or is the same. */
export interface Occupied {
  readonly at: string;
  readonly kind: PathKind;
}

/**
 * What is at which path, for millions of paths: a hash of 61 bits and a kind for each, in 8 bytes of a table that is between
 * three eighths and three quarters full, so 11 to 21 bytes a path, half as many again while it grows. The hash begins with
 * random numbers. Equal paths have equal hashes; should two others ever have the same one, then one of them is taken for the
 * other, and refused: never is a path missed that is there.
 */
export interface PathTable {
  /** Adds a path, and the folders above it. @returns what is in its way, whose path may be the same */
  add(path: string, kind: PathKind): 'new' | 'full' | Occupied;
  kindOf(path: string): PathKind | undefined;
  /** Of the folders above a path the first that is no folder. */
  findBlocking(path: string): readonly [at: string, kind: PathKind] | undefined;
}

const mix = (value: number): number => {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
};

export const createPathTable = (): PathTable => {
  const [seedA, seedB] = [randomInt(2 ** 32), randomInt(2 ** 32)];
  let capacity = FIRST_CAPACITY;
  let taken = 0;
  // Two numbers for each place: 32 bits of the hash, and 29 further ones with the kind.
  let places = new Uint32Array(2 * capacity);

  /** The running hash of what was read of a path. */
  let a = seedA;
  let b = seedB;
  const read = (path: string, from: number, to: number): void => {
    for (let index = from; index < to; index += 1) {
      const code = path.charCodeAt(index);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15);
    }
  };

  /** The place of the hash in hand: the one that has it, or an empty one. */
  const find = (high: number, low: number): number => {
    let place = high & (capacity - 1);
    for (;;) {
      const there = places[2 * place + 1] ?? 0;
      if (there === 0 || (places[2 * place] === high && (there & ~CODE_BITS) >>> 0 === low)) return place;
      place = (place + 1) & (capacity - 1);
    }
  };

  const grow = (): void => {
    const old = places;
    capacity *= 2;
    places = new Uint32Array(2 * capacity);
    for (let index = 0; index < old.length; index += 2) {
      const [high = 0, low = 0] = [old[index], old[index + 1]];
      if (low === 0) continue;
      const place = find(high, (low & ~CODE_BITS) >>> 0);
      places[2 * place] = high;
      places[2 * place + 1] = low;
    }
  };

  const hash = (): readonly [high: number, low: number] => {
    const high = mix(a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
    return [high, (mix(b + Math.imul(high, 0x27d4eb2f)) & ~CODE_BITS) >>> 0];
  };

  /** The kind at the hash in hand; puts `code` there if there is none. 0 = it was put. */
  const putIfEmpty = (code: number): number => {
    const [high, low] = hash();
    const place = find(high, low);
    const there = places[2 * place + 1] ?? 0;
    if (there !== 0) return there & CODE_BITS;
    places[2 * place] = high;
    places[2 * place + 1] = (low | code) >>> 0;
    taken += 1;
    if (taken > capacity * LOAD && capacity < MAX_CAPACITY) grow();
    return 0;
  };

  const look = (): number => {
    const [high, low] = hash();
    return (places[2 * find(high, low) + 1] ?? 0) & CODE_BITS;
  };

  const setKind = (code: number): void => {
    const [high, low] = hash();
    places[2 * find(high, low) + 1] = (low | code) >>> 0;
  };

  const isFolderCode = (code: number): boolean => code === CODES.container || code === CODES.folder;

  /** The folder that was read last, with the slash, and the hash after it: most paths are in the folder of the one before. */
  let folder = '';
  let folderA = seedA;
  let folderB = seedB;

  /** Calls `visit` for each folder above a path, until it gives a kind that is no folder's. Leaves the hash of all of them. */
  const walk = (path: string, end: number, visit: () => number): Occupied | undefined => {
    a = seedA;
    b = seedB;
    let from = 0;
    for (let slash = path.indexOf('/'); slash !== -1 && slash < end; slash = path.indexOf('/', slash + 1)) {
      read(path, from, slash);
      const kind = KINDS[visit()];
      if (kind !== undefined && !isFolderCode(CODES[kind])) return { at: path.slice(0, slash), kind };
      read(path, slash, slash + 1);
      from = slash + 1;
    }
    return undefined;
  };

  const enterFolder = (path: string, end: number): Occupied | undefined => {
    if (end === folder.length && path.startsWith(folder)) {
      a = folderA;
      b = folderB;
      return undefined;
    }
    const blocking = walk(path, end, () => putIfEmpty(CODES.container));
    if (blocking) return blocking;
    folder = path.slice(0, end);
    folderA = a;
    folderB = b;
    return undefined;
  };

  const hashOf = (path: string): void => {
    a = seedA;
    b = seedB;
    read(path, 0, path.length);
  };

  return {
    add: (path, kind) => {
      if (taken >= PATH_TABLE_MAX - path.length) return 'full';
      const end = path.lastIndexOf('/') + 1;
      const blocking = enterFolder(path, end);
      if (blocking) return blocking;
      read(path, end, path.length);
      const before = KINDS[putIfEmpty(CODES[kind])];
      if (before === undefined) return 'new';
      if (before === 'container' && kind === 'folder') setKind(CODES.folder);
      return { at: path, kind: before };
    },
    kindOf: (path) => {
      hashOf(path);
      return KINDS[look()];
    },
    findBlocking: (path) => {
      const blocking = walk(path, path.length, look);
      return blocking && [blocking.at, blocking.kind];
    },
  };
};
