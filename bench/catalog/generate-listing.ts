import type { CatalogEntry } from '@cyborgbackup/contracts';

export interface ListingOptions {
  readonly entries: number;
  /** The same seed gives the same listing. */
  readonly seed: number;
  /** Share of files that were written since the listing before, 0 to 1. */
  readonly changed?: number;
  /** Tells which files those are; 0 for the first listing. */
  readonly round?: number;
}

/** Numbers from 0 to below 1 that depend on nothing but their arguments. */
const noise = (a: number, b: number): number => {
  let x = (a * 0x9e3779b1 + b * 0x85ebca6b) | 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
};

const WORDS =
  'access admin archive assets backup bin cache client config core data default doc error etc export font group home http image index info lib local log mail main module net page plugin report run server share site src static style sys temp test theme thumb user util var vendor view web work'.split(
    ' ',
  );
const SUFFIXES = '.c .conf .css .gz .h .html .jpg .js .json .log .md .php .png .py .so .txt .xml '.split(' ');

const word = (n: number): string => WORDS[Math.floor(n * WORDS.length)] ?? '';
const time = (n: number): number => 1_600_000_000_000_000 + Math.floor(n * 150_000_000_000_000);

const PER_FOLDER = 12;

/** Half of all names are common words, the others are unique, as of mails, pictures and caches. */
const nameOf = (seed: number, at: number): string => {
  const n = noise(seed, at);
  const suffix = SUFFIXES[Math.floor(noise(at, seed + 1) * SUFFIXES.length)] ?? '';
  return n < 0.5
    ? `${word(n * 2)}_${word(noise(at, 3))}${suffix}`
    : `${word(noise(at, 5))}-${at.toString(36)}${suffix}`;
};

const FOLDERS_PER_FOLDER = 9;

const folderOf = (seed: number, folder: number): string => {
  const levels: string[] = [];
  for (let rest = folder; rest > 0; rest = Math.floor(rest / FOLDERS_PER_FOLDER)) {
    levels.push(`${word(noise(seed, rest))}${rest % FOLDERS_PER_FOLDER}`);
  }
  return ['srv', ...levels.reverse()].join('/');
};

/** A listing as of a file server: folders of some twelve files, up to six deep, in the order of a walk through them. */
export function* generateListing({ entries, seed, changed = 0, round = 0 }: ListingOptions): Generator<CatalogEntry> {
  const common = { owner: 'www-data', group: 'www-data', uid: 33, gid: 33, target: '', healthy: true };
  for (let at = 0; at < entries; at += 1) {
    const folder = Math.floor(at / (PER_FOLDER + 1));
    const path = folderOf(seed, folder);
    if (at % (PER_FOLDER + 1) === 0) {
      yield { ...common, path, mode: 'drwxr-xr-x', type: 'd', size: 0, mtime: time(noise(seed, -folder)) };
      continue;
    }
    let age = 0;
    for (let back = round; back > 0; back -= 1) if (noise(at, 1000 + back) < changed) age = Math.max(age, back);
    const size = Math.floor(noise(at, seed + age) ** 6 * 5_000_000);
    yield {
      ...common,
      path: `${path}/${nameOf(seed, at)}`,
      mode: '-rw-r--r--',
      type: '-',
      size,
      mtime: time(noise(at, age)),
    };
  }
}
