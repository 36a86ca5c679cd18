import { readScript } from '@cyborgbackup/borg';
import type { DumpSource } from './backup-source.ts';
import { hasText, namesOf, type DatabaseAccess, type Databases } from './database-access.ts';

/**
 * One transaction gives a consistent state without locking InnoDB tables; routines, events and triggers belong to a database as
 * much as its tables. The option file goes through `cat`, since our input may be a named pipe, which cannot be opened again under
 * the name of /dev/stdin.
 */
const DUMP_MYSQL = readScript(new URL('./dump-mysql.sh', import.meta.url));

/** In a quoted value of an option file only these need an escape. */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const optionLine = (name: string, value: string | number): string =>
  `${name}="${String(value).replaceAll(/[\\"\n\r\t]/g, (character) => ESCAPES[character] ?? character)}"`;

/** The client's option file. It leaves out what is not given, so that the client's own files count. */
export const optionFile = ({ user, password, host, port }: DatabaseAccess): string =>
  [
    '[client]',
    ...(hasText(user) ? [optionLine('user', user)] : []),
    ...(hasText(password) ? [optionLine('password', password)] : []),
    // A path is that of a socket.
    ...(hasText(host) ? [optionLine(host.startsWith('/') ? 'socket' : 'host', host)] : []),
    ...(port === undefined ? [] : [optionLine('port', port)]),
    '',
  ].join('\n');

const selection = (databases: Databases): readonly string[] => {
  const names = namesOf(databases);
  return names.length === 0 ? ['--all-databases'] : ['--databases', '--', ...names];
};

/** A dump that makes its databases when it is read back, as SQL. */
export const mysqlDump = (access: DatabaseAccess, databases: Databases): DumpSource => ({
  kind: 'dump',
  name: 'mysql.sql',
  argv: ['sh', '-c', DUMP_MYSQL, 'sh', ...selection(databases)],
  input: optionFile(access),
  ...(hasText(access.password) ? { secrets: [access.password] } : {}),
});
