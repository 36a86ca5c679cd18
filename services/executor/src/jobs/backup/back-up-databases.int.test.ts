import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  hasMariadb,
  hasPostgres,
  startMariadb,
  startPostgres,
  type DatabaseServer,
} from '../../testing/database-servers.ts';
import { startJobSite, type EndedJob, type JobSite } from '../../testing/job-site.ts';

/** What a shell, an option file or a password file could stumble over. */
const PASSWORD = `p\\a"s's #;:$(x) \`y\` \\n`;

let site: JobSite;

beforeAll(async () => {
  site = await startJobSite();
});

afterAll(() => site[Symbol.asyncDispose]());

const backUp = (policy_type: string, variables: object, mode_pull = false): Promise<EndedJob> =>
  site.runJob({ policy: { policy_type, mode_pull, uuid: randomUUID() }, variables });

const dumpOf = (ended: EndedJob): Promise<string> =>
  site.borg('extract', '--stdout', `::${(ended.end['archive'] as { name: string }).name}`);

/** Looks for a text in the arguments and environments of all processes until it is told to stop. */
const watchProcesses = (text: string): { readonly stop: () => Promise<number> } => {
  let found = 0;
  let isOver = false;
  const contains = async (file: string): Promise<boolean> =>
    (await readFile(file, 'utf8').catch(() => '')).includes(text);
  const look = async (): Promise<void> => {
    while (!isOver) {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
      const files = pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
      for (const file of files) if (await contains(file)) found += 1;
    }
  };
  const looking = look();
  return {
    stop: async () => {
      isOver = true;
      await looking;
      return found;
    },
  };
};

describe.skipIf(!hasMariadb)('a backup of MariaDB', () => {
  let server: DatabaseServer;

  beforeAll(async () => {
    server = await startMariadb(site.folder);
    const quoted = `'${PASSWORD.replaceAll(/['\\]/g, '\\$&')}'`;
    await server.sql(`
      create user 'back up'@localhost identified by ${quoted};
      grant select, show view, trigger, lock tables, event, process, reload on *.* to 'back up'@localhost;
      grant select on mysql.* to 'back up'@localhost;
      create database one; create database \`two-%s\`;
      create table one.t (a int); insert into one.t values (41), (42);
      create table \`two-%s\`.u (b text); insert into \`two-%s\`.u values ('second');
      create procedure one.p() select 1;`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const login = (): object => ({ user: 'back up', password: PASSWORD, host: server.host });

  it.each([false, true])('dumps several databases with mode_pull %s', async (mode_pull) => {
    const watch = watchProcesses(PASSWORD.slice(0, 6));
    const ended = await backUp('mysql', { ...login(), databases: ['one', 'two-%s'] }, mode_pull);
    expect(ended).toMatchObject({ status: 'successful', end: { warnings: [] } });
    expect(await watch.stop()).toBe(0);
    const dump = await dumpOf(ended);
    expect(dump).toMatch(/CREATE DATABASE .*`one`[^]*\(41\)[^]*PROCEDURE `p`[^]*`two-%s`[^]*'second'/);
    expect(JSON.stringify(await site.lines(ended.job))).not.toContain(JSON.stringify(PASSWORD).slice(1, -1));
  });

  it('dumps one database alone, which can be read back', async () => {
    const dump = await dumpOf(await backUp('mysql', { ...login(), databases: 'one' }));
    expect(dump).not.toContain('two-');
    await server.sql('drop database one');
    await server.sql(dump);
    expect(await server.sql('select a from one.t order by a')).toBe('41\n42\n');
  });

  it('dumps all databases with the variables of one client', async () => {
    const extended_mysql = { 1: { credential: login() } };
    const dump = await dumpOf(await backUp('mysql', { user: 'nobody', password: 'wrong', extended_mysql }));
    expect(dump).toMatch(/`one`[^]*`two-%s`/);
  });

  it("fails with the server's message for a wrong password, and keeps nothing", async () => {
    const archives = await site.archives();
    const ended = await backUp('mysql', { ...login(), password: 'wrong' });
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/so no archive was kept: .* It said: .*Access denied/),
    });
    expect(await site.archives()).toEqual(archives);
  });

  it('fails when the dump fails half-way, and keeps nothing', async () => {
    await server.sql(`create table one.gone (a int); create view one.v as select * from one.gone; drop table one.gone`);
    const archives = await site.archives();
    const ended = await backUp('mysql', { ...login(), databases: 'one' });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/command to back up failed/) });
    expect(await site.output(ended.job)).toMatch(/one\.v/);
    expect(await site.archives()).toEqual(archives);
    await server.sql('drop view one.v');
  });
});

describe.skipIf(!hasPostgres)('a backup of PostgreSQL', () => {
  let server: DatabaseServer;

  beforeAll(async () => {
    server = await startPostgres(site.folder);
    await server.sql(`
      create role backup login superuser password $password$${PASSWORD}$password$;
      create database one; create database "dbname=two";`);
    await server.sql(`create table t (a int); insert into t values (41), (42)`, 'one');
    await server.sql(`create table u (b text); insert into u values ('second')`, "dbname='dbname=two'");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const address = (): object => ({ host: server.host, port: server.port });

  it('dumps one database as the account postgres', async () => {
    const ended = await backUp('postgresql', { ...address(), database: 'one' });
    expect(ended).toMatchObject({ status: 'successful', end: { warnings: [] } });
    const dump = await dumpOf(ended);
    await server.sql('drop database one');
    await server.sql(dump);
    expect(await server.sql('select a from t order by a', 'one')).toBe('41\n42\n');
  });

  it.each([false, true])(
    'dumps several databases without showing the password, with mode_pull %s',
    async (mode_pull) => {
      const watch = watchProcesses(PASSWORD.slice(0, 6));
      const login = { ...address(), user: 'backup', password: PASSWORD };
      const ended = await backUp('postgresql', { ...login, databases: ['one', 'dbname=two'] }, mode_pull);
      expect(ended).toMatchObject({ status: 'successful', end: { warnings: [] } });
      expect(await watch.stop()).toBe(0);
      expect(await dumpOf(ended)).toMatch(/CREATE ROLE backup[^]*\b41\b[^]*"dbname=two"[^]*second/);
      const left = (await readdir('/dev/shm')).filter((name) => name.startsWith('cyborgbackup.'));
      expect(left).toEqual([]);
    },
  );

  it('dumps all databases and roles', async () => {
    const dump = await dumpOf(await backUp('postgresql', address()));
    expect(dump).toMatch(/CREATE ROLE backup[^]*second[^]*\b41\b/);
  });

  it('fails when one of several databases does not exist, and keeps nothing', async () => {
    const archives = await site.archives();
    const ended = await backUp('postgresql', { ...address(), databases: ['one', 'no such'] });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/command to back up failed/) });
    expect(await site.output(ended.job)).toMatch(/database "no such" does not exist/);
    expect(await site.archives()).toEqual(archives);
  });
});
