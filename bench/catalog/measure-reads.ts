import type { Figures } from '../budget.ts';
import { percentilesOf } from '../load.ts';
import type { BenchSite } from './bench-site.ts';
import { ARCHIVES, SERIES } from './fill-entries.ts';

const WARM_UP = 30;
const ROUNDS = 400;
/** One search in so many is for a word that is in very many names. */
const COMMON = 5;

/** Requests, one after the other. */
const measure = async (site: BenchSite, name: string, paths: readonly string[]): Promise<Figures> => {
  const times: number[] = [];
  for (const [round, path] of paths.entries()) {
    const startedAt = performance.now();
    await site.get(path);
    if (round >= WARM_UP) times.push(performance.now() - startedAt);
  }
  return percentilesOf(name, times);
};

const some = async (site: BenchSite, sql: string): Promise<readonly string[]> =>
  (await site.admin.query<{ text: string }>(sql, [WARM_UP + ROUNDS])).rows.map(({ text }) => text);

/** Parts of names that are there: four to nine letters from anywhere in a name, or a common word or suffix. */
export const measureSearch = async (site: BenchSite): Promise<Figures> => {
  const parts = await some(
    site,
    `select substr(name, 1 + n % greatest(1, length(name) - 8), 4 + n % 6) as text
       from (select name, row_number() over ()::int4 as n from catalog.entry_names tablesample bernoulli (5) limit 100000) s
      order by md5(n::text) limit $1`,
  );
  const common = ['config', '.json', 'index', 'mail', 'log', 'backup', '.tx', 'a'];
  const names = parts.map((part, at) => (at % COMMON === 0 ? (common[(at / COMMON) % common.length] ?? part) : part));
  return measure(
    site,
    'search',
    names.map((name) => `/api/v1/search/?name=${encodeURIComponent(name)}`),
  );
};

const archiveAt = (n: number): string => `bench-${1 + (n % SERIES)}-${1 + ((n * 7) % ARCHIVES)}`;

const listed = (filter: string, texts: readonly string[]): string[] =>
  texts.map((text) => `/api/v1/catalogs/?${filter}=${encodeURIComponent(text)}`);

/** Entries of all archives by their path. */
export const measurePaths = async (site: BenchSite): Promise<Figures> => {
  const paths = await some(
    site,
    `select f.path || n.name as text
       from (select * from catalog.entries tablesample system (0.5) limit 100000) e
            join catalog.folders f on f.series_id = e.series_id and f.id = e.folder_id
            join catalog.entry_names n on n.id = e.name_id
      order by md5(e.number::text) limit $1`,
  );
  return measure(site, 'path', listed('path', paths));
};

/** Entries of all archives by how their path begins: with a folder, or with that and a part of what is in it. */
export const measurePrefixes = async (site: BenchSite): Promise<Figures> => {
  const prefixes = await some(
    site,
    `select left(path, length(path) - id % 3) as text
       from catalog.folders where series_id = 100001 order by md5(id::text) limit $1`,
  );
  return measure(site, 'prefix', listed('path__startswith', prefixes));
};

/** Folders of any archive. */
export const measureFolders = async (site: BenchSite): Promise<Figures> => {
  const folders = await some(
    site,
    `select path as text from catalog.folders where series_id = 100001 order by md5(id::text) limit $1`,
  );
  return measure(
    site,
    'folder',
    folders.map((path, n) => `/api/v1/archives/bench-1-${1 + (n % ARCHIVES)}/tree/?path=${encodeURIComponent(path)}`),
  );
};

/** Pages anywhere in an archive, by the cursor. */
export const measurePages = async (site: BenchSite, entries: number): Promise<Figures> => {
  const { rows } = await site.admin.query<{ name: string; id_base: string }>(
    `select archive_name as name, id_base from catalog.archives where archive_name like 'bench-%'`,
  );
  const bases = new Map(rows.map(({ name, id_base }) => [name, Number(id_base)]));
  const jobs = await site.admin.query<{ name: string; id: number }>(
    `select a.archive_name as name, j.id from catalog.archives a join scheduler.jobs j on j.uuid = a.job_uuid`,
  );
  const ids = new Map(jobs.rows.map(({ name, id }) => [name, id]));
  return measure(
    site,
    'page',
    Array.from({ length: WARM_UP + ROUNDS }, (_, n) => {
      const name = archiveAt(n);
      const cursor = (bases.get(name) ?? 0) + Math.floor(((n * 7_919) % 1_000) * (entries / 1_000));
      return `/api/v1/catalogs/?job=${ids.get(name) ?? 0}&cursor=${cursor}`;
    }),
  );
};
