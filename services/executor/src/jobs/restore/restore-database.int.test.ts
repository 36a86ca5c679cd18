import type { RestoreRequest } from '@cyborgbackup/contracts';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBorgSite, type BorgSite, type EndedJob, type JobSketch } from '../../testing/borg-site.ts';
import {
  hasMariadb,
  hasPostgres,
  startMariadb,
  startPostgres,
  type DatabaseServer,
} from '../../testing/database-servers.ts';

const PASSWORD = `p:a's\\s "word" $(x)`;
const RESTORE: RestoreRequest = {
  item: '',
  items: [],
  patterns: [],
  dest_folder: '',
  destination: 'client',
  replace: 'always',
  verify: 'sizes',
  numeric_ids: false,
  dry_run: false,
  database: true,
  allow_unsafe: false,
};

interface Databases {
  readonly policyType: 'mysql' | 'postgresql';
  readonly start: (folder: string) => Promise<DatabaseServer>;
  readonly fill: readonly (readonly [sql: string, database?: string])[];
  readonly rows: readonly [sql: string, database?: string];
  /** The variables of a policy for all databases, without an account, and of one for a single database with a password. */
  readonly whole: (server: DatabaseServer) => object;
  readonly single: (server: DatabaseServer) => object;
}

const mysql: Databases = {
  policyType: 'mysql',
  start: startMariadb,
  fill: [
    ['create database shop'],
    [
      'create table items (id int primary key, name varbinary(50)); insert into items values (1, 0xff00c3a4), (2, "two")',
      'shop',
    ],
    [`create user 'keeper'@'localhost' identified by '${PASSWORD.replaceAll(/['\\]/g, '\\$&')}'`],
    [`grant all on *.* to 'keeper'@'localhost'`],
  ],
  rows: ['select id, hex(name) from items order by id', 'shop'],
  whole: ({ host }) => ({ host, user: 'root' }),
  single: ({ host }) => ({ host, user: 'keeper', password: PASSWORD, databases: 'shop' }),
};

const postgresql: Databases = {
  policyType: 'postgresql',
  start: startPostgres,
  fill: [
    [`create role keeper superuser login password '${PASSWORD.replaceAll("'", "''")}'`],
    ['create database shop owner keeper'],
    [
      `create table items (id int primary key, name text); insert into items values (1, 'größe'), (2, E'two\\nlines')`,
      'shop',
    ],
  ],
  rows: ['select * from items order by id', 'shop'],
  whole: ({ host, port }) => ({ host, port }),
  single: ({ host, port }) => ({ host, port, user: 'keeper', password: PASSWORD, databases: 'shop' }),
};

const suite = ({ policyType, start, fill, rows, ...variables }: Databases): void => {
  let site: BorgSite;
  let server: DatabaseServer;
  let folder: string;
  let before: string;

  const backUp = async (archive_name: string, extraVars: object): Promise<void> => {
    const job = await site.runJob({ job_type: 'job', archive_name, master_job: null, policyType, extraVars });
    expect([job.status, job.reason]).toEqual(['successful', '']);
  };
  const restore = (archive_name: string, extraVars: object, sketch: JobSketch = {}): Promise<EndedJob> =>
    site.runJob({ archive_name, policyType, extraVars, restore: RESTORE, ...sketch });

  beforeAll(async () => {
    site = await startBorgSite();
    folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-db-'));
    server = await start(folder);
    for (const [sql, database] of fill) await server.sql(sql, database);
    before = await server.sql(...rows);
    await backUp('whole', variables.whole(server));
    await backUp('single', variables.single(server));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it.runIf(policyType === 'mysql')('a dump is only read in a dry run', async () => {
    await server.sql('update items set id = id + 10', 'shop');
    const changed = await server.sql(...rows);
    const dry = await restore('single', variables.single(server), { restore: { ...RESTORE, dry_run: true } });
    expect(dry).toMatchObject({ status: 'successful', end: { restored: { files: 1 } } });
    expect(await server.sql(...rows)).toBe(changed);
  });

  it.each(['single', 'whole'] as const)('is restored from an archive of the kind %s', async (archive) => {
    await server.sql('delete from items', 'shop');
    const job = await restore(archive, variables[archive](server));
    expect([job.status, job.reason]).toEqual(['successful', '']);
    expect(job.end).toMatchObject({ restored: { files: 1, bytes: expect.any(Number) } });
    expect(await server.sql(...rows)).toBe(before);
    expect(JSON.stringify([job.end, await site.output(job.job)])).not.toContain(PASSWORD.slice(0, 5));
  });

  it.runIf(process.getuid?.() === 0)(
    'whose text tells the client to run a command gets nothing of root by it',
    async () => {
      const own = await mkdtemp(join(tmpdir(), 'cyborgbackup-root-'));
      await writeFile(join(folder, 'evil.sql'), `\\! touch ${own}/by-line\nselect 1 \\! touch ${own}/by-word\n;\n`);
      await site.borg(['create', `::evil-${policyType}`, 'evil.sql'], { cwd: folder });
      await restore(`evil-${policyType}`, variables.single(server));
      expect(await readdir(own)).toEqual([]);
      await rm(own, { recursive: true });
    },
  );

  it.runIf(policyType === 'postgresql')("fails to restore with the server's message", async () => {
    const wrong = { ...variables.single(server), password: 'wrong password' };
    const { status, reason } = await restore('single', wrong);
    expect(status).toBe('failed');
    expect(reason).toMatch(/did not take all of the dump.*(denied|password authentication failed)/s);
    expect(reason).not.toContain('wrong password');
  });

  it.runIf(policyType === 'postgresql')('is restored without showing a password that the server repeats', async () => {
    await writeFile(join(folder, 'dump.sql'), `select '${PASSWORD.replaceAll("'", "''")}'::int;\n`);
    await site.borg(['create', '::repeats', 'dump.sql'], { cwd: folder });
    const job = await restore('repeats', variables.single(server));
    expect(job).toMatchObject({ status: 'failed', reason: expect.stringMatching(/integer: "\[redacted\]"/) });
    expect(JSON.stringify([job.end, await site.output(job.job)])).not.toContain(PASSWORD.slice(0, 5));
  });

  it.runIf(policyType === 'mysql')(
    'a dump is not taken from an archive of files, and no database is changed',
    async () => {
      // Not the folder of borg itself, which changes while borg reads it.
      await Promise.all(['one', 'two'].map((name) => writeFile(join(site.folder, name), name)));
      await site.borg(['create', '::files', 'one', 'two'], { cwd: site.folder });
      const { status, reason } = await restore('files', variables.single(server));
      expect([status, reason]).toEqual(['failed', expect.stringMatching(/is no dump of a database/)]);
    },
  );
};

describe.runIf(hasMariadb)('a MariaDB dump', () => suite(mysql));
describe.runIf(hasPostgres)('a PostgreSQL dump', () => suite(postgresql));
