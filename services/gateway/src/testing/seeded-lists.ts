import { serviceRole } from '@cyborgbackup/database';
import { ensureProjection } from '@cyborgbackup/projections';
import { prepareDatabase } from '@cyborgbackup/service';
import { createTestDatabase } from '@cyborgbackup/testkit';
import { createLogger, isAppError } from '@cyborgbackup/kernel';
import pg from 'pg';
import { expect } from 'vitest';
import { projections } from './read-models.ts';
import { createReader, type Reader } from '../db/reader.ts';
import { parseListQuery } from '../lists/parse/list-query.ts';
import { listRows, type ListPage, type ListRowsOptions } from '../lists/read/list-rows.ts';
import type { SourceName } from '../lists/sources/list-source.ts';
import { sources } from '../lists/sources/sources.ts';

type AskOptions = Partial<ListRowsOptions> & { readonly order?: string };

export type Row = Readonly<Record<string, unknown>> & { readonly id: number };

/** A few hundred rows of everything, made by arithmetic on their ids. */
export interface SeededLists extends AsyncDisposable {
  readonly db: Pick<Reader, 'rows'>;
  readonly admin: pg.Pool;
  /** Statements that were sent. */
  readonly sent: string[];
  ask(name: SourceName, query: string, options?: AskOptions): Promise<ListPage<Row>>;
  /** The ids of all rows that are found, in order. */
  ids(name: SourceName, query: string, options?: AskOptions): Promise<number[]>;
  /** `code: message` of the error that the query is refused with. */
  refusal(name: SourceName, query: string): Promise<string>;
}

const id = (kind: string, n: string): string => `md5('${kind}' || ${n})::uuid`;
const stamps = `'2024-01-01T00:00:00Z'::timestamptz + n * interval '1 hour' as created,
  '2024-06-01T00:00:00Z'::timestamptz + n * interval '1 hour' as modified`;
const author = `case when n % 3 = 0 then ${id('user', '1')} end as created_by, null::uuid as modified_by, 1 as revision`;

/** `insert` leaves out what the tables have and the lists do not look at: those columns lose their NOT NULL. */
const SEED = [
  `insert into inventory.users (uuid, id, created, first_name, last_name, email, is_superuser, notify_backup_daily,
     notify_backup_weekly, notify_backup_monthly, notify_backup_success, notify_backup_failed, notify_backup_summary)
   select ${id('user', 'n')}, n, now(), 'First' || n, 'Last', 'user' || n || '@example.com', n = 1,
     n % 2 = 0, false, false, false, false, false from generate_series(1, 5) n`,
  `insert into inventory.clients (uuid, id, created, modified, created_by, modified_by, revision, hostname, ip, version,
     ready, hypervisor_ready, hypervisor_name, enabled, port, bandwidth_limit, mark_as_to_update, behind_firewall)
   select ${id('client', 'n')}, n, s.created, s.modified, s.created_by, s.modified_by, s.revision,
     case n when 7 then '100%_\\host' else 'host' || n || '.Example.com' end, '10.0.0.' || n, '1.2.4',
     n % 2 = 0, false, '', n <= 20, case when n % 5 = 0 then 2222 else 22 end, case when n % 4 = 0 then n * 100 end,
     false, false
   from generate_series(1, 25) n, lateral (select ${stamps}, ${author}) s`,
  `insert into inventory.repositories (uuid, id, created, modified, created_by, modified_by, revision, name, path,
     repository_key, ready, enabled, original_size, compressed_size, deduplicated_size)
   select ${id('repository', 'n')}, n, s.created, s.modified, s.created_by, s.modified_by, s.revision, 'Repo ' || n,
     'borg@store:/r' || n, '{"secret":"sesame"}', true, n < 4, 9000000000 + n, 2, 1
   from generate_series(1, 4) n, lateral (select ${stamps}, ${author}) s`,
  `insert into inventory.schedules (uuid, id, created, modified, created_by, modified_by, revision, name, crontab, timezone, enabled)
   select ${id('schedule', 'n')}, n, s.created, s.modified, s.created_by, s.modified_by, s.revision, 'Plan ' || n,
     '0 5 * * *', 'UTC', true from generate_series(1, 3) n, lateral (select ${stamps}, ${author}) s`,
  `insert into inventory.policies (uuid, id, created, modified, created_by, modified_by, revision, name, clients,
     repository, schedule, policy_type, keep_daily, vmprovider, mode_pull, enabled)
   select ${id('policy', 'n')}, n, s.created, s.modified, s.created_by, s.modified_by, s.revision, 'Policy ' || n,
     array[n, n + 1, n + 2], 1 + n % 4, 1 + n % 3, case when n % 2 = 0 then 'rootfs' else 'mysql' end, n, '', false, true
   from generate_series(1, 12) n, lateral (select ${stamps}, ${author}) s`,
  // job n: policy 1 + n % 12, client 1 + n % 25; every tenth lost its policy, every seventh failed, some run
  `insert into scheduler.jobs (uuid, id, created, modified, created_by, modified_by, revision, run, name, job_type, launch_type,
     status, failed, policy, policy_uuid, policy_name, policy_type, client, client_uuid, client_hostname, repository,
     repository_uuid, repository_name, schedule, schedule_name, master_job, master_job_uuid, archive_name, started, finished,
     job_explanation, original_size, compressed_size, deduplicated_size, files)
   select ${id('job', 'n')}, n, s.created, s.modified, s.created_by, s.modified_by, s.revision, ${id('run', 'n')},
     'Backup Job ' || n, case n % 3 when 0 then 'job' when 1 then 'catalog' else 'prune' end, 'manual',
     case when n > 295 then 'running' when n % 7 = 0 then 'failed' else 'successful' end, n % 7 = 0,
     case when n % 10 > 0 then 1 + n % 12 end, case when n % 10 > 0 then ${id('policy', '(1 + n % 12)')} end, '', 'rootfs',
     1 + n % 25, ${id('client', '(1 + n % 25)')}, '', null, null, '', null, '',
     case when n % 3 > 0 then n - n % 3 end, case when n % 3 > 0 then ${id('job', '(n - n % 3)')} end,
     case when n % 3 = 0 then 'archive-' || n / 6 end, s.created,
     case when n <= 295 then s.created + interval '90 seconds' end, '', n, n, n, n
   from generate_series(1, 300) n, lateral (select ${stamps}, ${author}) s`,
  `insert into executor.job_events (id, job_uuid, counter, event, stdout, start_line, end_line, created)
   select n, ${id('job', '(1 + n % 20)')}, n / 20, case when n % 50 = 0 then 'error' else 'verbose' end, 'line ' || n, n, n + 1, now()
   from generate_series(1, 400) n`,
  // entry n is in the archive of job 3 * (1 + n % 10), each of which is a series of its own
  `insert into catalog.archives (job_uuid, archive_name, series_id, sequence, next_number, id_base, entries, complete, removed)
   select ${id('job', '(3 * (1 + n))')}, 'archive-' || (1 + n) / 2, n, 1, 600, 0, 50, true, false from generate_series(0, 9) n`,
  `insert into catalog.folders (series_id, id, path) select n, 1, '/srv/' from generate_series(0, 9) n`,
  `insert into catalog.entry_names (id, name) select n, 'file' || n from generate_series(1, 500) n`,
  `insert into catalog.entry_attributes (id, mode, owner, group_name, uid, gid, type) values (1, '-rw-r--r--', 'root', 'wheel', 0, 0, '-')`,
  `insert into catalog.entries (series_id, number, folder_id, name_id, attributes_id, first_archive, last_archive, size, mtime)
   select n % 10, n, 1, n, 1, 1, 1, n, now() from generate_series(1, 500) n`,
  `insert into catalog.broken_entries (job_uuid, number, found_by)
   select ${id('job', '(3 * (1 + n % 10))')}, n, 'listing' from generate_series(1, 500) n where n % 9 = 0`,
  `insert into inventory.settings (id, key, value, secret, setting_type, group_name, sort_order, created, modified)
   values (6, 'cyborgbackup_job_cleaning', '30', null, 'integer', '', 0, now(), now()),
     (14, 'cyborgbackup_mail_password', null, '{"secret":"sesame"}', 'string', '', 0, now(), now())`,
];

const relax = `do $$ declare c record; begin
  for c in select table_schema, table_name, column_name from information_schema.columns
    where table_schema in ('inventory', 'scheduler', 'executor', 'catalog') and is_nullable = 'NO'
      and (table_schema, table_name, column_name) not in (select table_schema, table_name, column_name
        from information_schema.key_column_usage)
  loop execute format('alter table %I.%I alter %I drop not null', c.table_schema, c.table_name, c.column_name); end loop;
end $$`;

const grant = `grant usage on schema inventory, scheduler, executor, catalog to ${serviceRole('gateway')};
  grant select on all tables in schema inventory, scheduler, executor, catalog to ${serviceRole('gateway')}`;

export const seedLists = async (): Promise<SeededLists> => {
  const database = await createTestDatabase();
  await prepareDatabase(database.adminUrl);
  const admin = new pg.Pool({ connectionString: database.adminUrl, max: 4 });
  for (const projection of projections) await ensureProjection(admin, projection);
  await admin.query(relax);
  for (const statement of SEED) await admin.query(statement);
  await admin.query(grant);
  await admin.query('analyze');
  const sent: string[] = [];
  const reader = createReader(admin, createLogger('test', 'silent'));
  const rows: Reader['rows'] = (text, values, options) => {
    sent.push(text);
    return reader.rows(text, values, options);
  };
  const ask: SeededLists['ask'] = async (name, text, { order, ...options } = {}) => {
    const query = parseListQuery(sources[name], new URLSearchParams(text), order);
    return listRows<Row>({ rows }, sources[name], { query, path: `/api/v1/${name}/`, ...options });
  };
  return {
    db: { rows },
    admin,
    sent,
    ask,
    ids: async (name, query, options) => (await ask(name, `page_size=1000&${query}`, options)).rows.map(({ id }) => id),
    refusal: async (name, query) => {
      const error: unknown = await ask(name, query).then(
        () => `${query} was accepted`,
        (reason: unknown) => reason,
      );
      if (!isAppError(error)) throw error;
      expect(error.fields).toBeUndefined();
      return `${error.code}: ${error.message}`;
    },
    [Symbol.asyncDispose]: async () => {
      await reader.close();
      await admin.end();
      await database[Symbol.asyncDispose]();
    },
  };
};
