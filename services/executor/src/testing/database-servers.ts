import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A database server of a test's own, on a socket only. */
export interface DatabaseServer extends AsyncDisposable {
  /** What `host` of a policy's variables is to be. */
  readonly host: string;
  readonly port: number | undefined;
  /** Runs SQL as the server's superuser; the answer is unaligned text. */
  sql(text: string, database?: string): Promise<string>;
}

const START_MILLIS = 30_000;

const untilAnswers = async (ask: () => Promise<unknown>): Promise<void> => {
  const deadline = Date.now() + START_MILLIS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
};

const answerOf = async (program: string, argv: readonly string[], input: string): Promise<string> => {
  const running = run(program, argv, { maxBuffer: 16 * 1024 * 1024 });
  running.child.stdin?.end(input);
  return (await running).stdout;
};

export const hasMariadb = existsSync('/usr/sbin/mariadbd');

export const startMariadb = async (folder: string): Promise<DatabaseServer> => {
  const data = join(folder, 'mariadb');
  const socket = join(folder, 'mariadb.sock');
  await run('mariadb-install-db', ['--no-defaults', '--user=root', `--datadir=${data}`, '--skip-test-db']);
  const server = spawn(
    '/usr/sbin/mariadbd',
    ['--no-defaults', '--user=root', `--datadir=${data}`, `--socket=${socket}`, '--skip-networking'],
    { stdio: 'ignore' },
  );
  const sql: DatabaseServer['sql'] = (text, database = 'mysql') =>
    answerOf('mariadb', ['--no-defaults', `--socket=${socket}`, '--batch', '--skip-column-names', database], text);
  await untilAnswers(() => sql('select 1'));
  return {
    host: socket,
    port: undefined,
    sql,
    [Symbol.asyncDispose]: async () => {
      const exit = once(server, 'exit');
      server.kill('SIGKILL');
      await exit;
    },
  };
};

const POSTGRES = '/usr/lib/postgresql/15/bin';

export const hasPostgres = existsSync(POSTGRES);

const asPostgres = (program: string, ...argv: string[]): readonly [string, string[]] => [
  'runuser',
  ['-u', 'postgres', '--', join(POSTGRES, program), ...argv],
];

/** PostgreSQL refuses to run as root: its own account runs it. Others log in with a password. */
export const startPostgres = async (folder: string): Promise<DatabaseServer> => {
  const home = join(folder, 'postgres');
  await mkdir(home);
  await chmod(folder, 0o711);
  const { stdout } = await run('id', ['-u', 'postgres']);
  await chown(home, Number(stdout), 0);
  const data = join(home, 'data');
  const port = 54_321;
  await run(...asPostgres('initdb', '-D', data, '--auth-local=peer', '--auth-host=reject', '--no-sync'), { cwd: '/' });
  const auth = `local all postgres peer\\nlocal all all scram-sha-256\\n`;
  await run('sh', ['-c', `printf '${auth}' >${data}/pg_hba.conf`]);
  const options = `-c listen_addresses= -c unix_socket_directories=${home} -c port=${port} -c fsync=off`;
  await run(...asPostgres('pg_ctl', '-D', data, '-o', options, '-l', join(home, 'log'), '-w', 'start'), { cwd: '/' });
  const sql: DatabaseServer['sql'] = (text, database = 'postgres') =>
    answerOf(
      'runuser',
      [
        ...['-u', 'postgres', '--', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1'],
        ...['-h', home, '-p', String(port), '-d', database],
      ],
      text,
    );
  await untilAnswers(() => sql('select 1'));
  return {
    host: home,
    port,
    sql,
    [Symbol.asyncDispose]: async () => {
      await run(...asPostgres('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop'), { cwd: '/' });
    },
  };
};
