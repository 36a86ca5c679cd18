import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { COMMON_JOB } from '../common-job.ts';

/*
 * Twenty series of thirty archives, written straight into the read models: to bring so many entries in one by one would take
 * hours, and how that goes is measured elsewhere. Of all names, three in ten are among five thousand common ones, three are the
 * same in every series, as of installed programs, and four are in one series only, as of mails.
 */

export const SERIES = 20;
export const ARCHIVES = 30;

/** Of a hundred entries of a series, so many were in its first archive. */
const FIRST_PERCENT = 78;
const COMMON_NAMES = 5_000;
const FILES_PER_FOLDER = 12;

const WORDS = `array['access','admin','archive','assets','backup','cache','client','config','data','default','document','error',
  'export','font','home','http','image','index','info','library','local','mail','main','module','network','page','plugin',
  'report','server','share','site','source','static','style','system','template','test','theme','user','util','vendor','web']`;
const SUFFIXES = `array['.c','.conf','.css','.gz','.h','.html','.jpg','.js','.json','.log','.md','.php','.png','.py','.so','.txt']`;
const word = (n: string): string => `(${WORDS})[1 + (hashint4(${n}) & 1023) % 42]`;
const suffix = (n: string): string => `(${SUFFIXES})[1 + (hashint4(${n}) & 255) % 16]`;

/** Ids of names: first the common, then those of all series, then each series' own. */
const nameId = (entries: number): string => `
  case when hashint4(n) & 15 < 5 then 1 + (hashint4(n + 7) & 1048575) % ${COMMON_NAMES}
       when hashint4(n) & 15 < 10 then ${COMMON_NAMES} + 1 + n
       else ${COMMON_NAMES} + ${entries} * s.series + 1 + n end`;

const withoutIndexes = async (admin: pg.Pool, tables: readonly string[], work: () => Promise<void>): Promise<void> => {
  const { rows } = await admin.query<{ name: string; definition: string }>(
    `select quote_ident(indexname) as name, indexdef as definition from pg_indexes
      where schemaname = 'catalog' and tablename = any($1) and indexname not like '%_pkey'`,
    [tables],
  );
  for (const { name } of rows) await admin.query(`drop index catalog.${name}`);
  await work();
  for (const { definition } of rows) await admin.query(definition);
};

const INSERT_JOB = 'insert into scheduler.jobs select (jsonb_populate_record(null::scheduler.jobs, $1::jsonb)).*';

const insertArchives = async (admin: pg.Pool, entries: number): Promise<void> => {
  for (let series = 1; series <= SERIES; series += 1) {
    for (let sequence = 1; sequence <= ARCHIVES; sequence += 1) {
      const id = 1_000_000 + series * ARCHIVES + sequence;
      const uuid = randomUUID();
      await admin.query(INSERT_JOB, [
        { ...COMMON_JOB, id, uuid, run: uuid, name: 'bench', job_type: 'job', status: 'successful', needs: [] },
      ]);
      await admin.query(
        `insert into catalog.archives (job_uuid, archive_name, borg_id, machine, started_at, finished_at, files,
           original_size, compressed_size, deduplicated_size, entries, complete, removed, failed, healthy, damaged, position,
           series_id, sequence, next_number, id_base)
         values ($1, $2, '', '', $3, $3, 0, 0, 0, 0, $4::int4, true, false, false, true, false, 0, $5, $6, $4::int4, $7)`,
        [
          uuid,
          `bench-${series}-${sequence}`,
          `2026-01-${String(sequence).padStart(2, '0')}T00:00:00Z`,
          entries,
          100_000 + series,
          sequence,
          1e12 + id * entries,
        ],
      );
    }
  }
};

/** @param entries in each series */
export const fillEntries = async (admin: pg.Pool, entries: number): Promise<void> => {
  const first = Math.floor((entries * FIRST_PERCENT) / 100);
  const folders = Math.ceil(entries / FILES_PER_FOLDER);
  await withoutIndexes(admin, ['entries', 'entry_names', 'folders', 'folder_totals'], async () => {
    await admin.query(
      'truncate catalog.entry_names, catalog.entries, catalog.folders, catalog.folder_totals, catalog.entry_attributes',
    );
    await admin.query(`insert into catalog.entry_attributes (id, mode, owner, group_name, uid, gid, type)
      values (1, '-rw-r--r--', 'www-data', 'www-data', 33, 33, '-')`);
    await admin.query(`insert into catalog.entry_names (id, name)
      select n, ${word('n')} || '_' || ${word('n + 1')} || n % 100 || ${suffix('n')} from generate_series(1, ${COMMON_NAMES}) n`);
    for (let series = 0; series <= SERIES; series += 1) {
      await admin.query(`insert into catalog.entry_names (id, name)
        select ${COMMON_NAMES} + ${entries} * ${series} + 1 + n, ${word('n + 3')} || '-' || to_hex(n::int8 * 7919 + ${series}) || ${suffix('n')}
          from generate_series(0, ${entries - 1}) n
         where ${series} = 0 and hashint4(n) & 15 between 5 and 9 or ${series} > 0 and hashint4(n) & 15 >= 10`);
    }
    for (let series = 1; series <= SERIES; series += 1) {
      await admin.query(`insert into catalog.folders (series_id, id, path, parent_id)
        select ${100_000 + series}, n, 'srv/' || ${word('n / 800')} || n / 800 || '/' || ${word('n')} || n || '/', 0
          from generate_series(0, ${folders}) n`);
      await admin.query(`insert into catalog.folder_totals (series_id, folder_id, sequence, entries, files, bytes)
        select ${100_000 + series}, n, 1, 12, 12, 1000000 from generate_series(0, ${folders}) n`);
      await admin.query(`insert into catalog.entries (series_id, number, folder_id, name_id, attributes_id, first_archive, last_archive, size,
          mtime, fingerprint)
        select ${100_000 + series}, n, case when n < ${first} then n else (hashint4(n) & 1073741823) % ${first} end / ${FILES_PER_FOLDER},
               ${nameId(entries)}, 1, begun,
               case when hashint4(n + 11) & 3 = 0 then begun + (hashint4(n + 13) & 255) % 30 else 2147483647 end,
               hashint4(n) & 1048575, timestamptz '2026-01-01' + n * interval '1 second', md5(n::text)::uuid
          from (select ${series} as series) s, generate_series(0, ${entries - 1}) n,
               lateral (select case when n < ${first} then 1
                               else 2 + (n - ${first}) * ${ARCHIVES - 1} / ${Math.max(1, entries - first)} end as begun) b`);
    }
  });
  await insertArchives(admin, entries);
  await admin.query(
    'vacuum analyze catalog.entries, catalog.entry_names, catalog.folders, catalog.folder_totals, catalog.archives',
  );
};
