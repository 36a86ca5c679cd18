import { readScript } from '@cyborgbackup/borg';
import type { DumpSource } from './backup-source.ts';
import { hasText, namesOf, type DatabaseAccess, type Databases } from './database-access.ts';

const scriptOf = (name: string): string => readScript(new URL(name, import.meta.url));

/**
 * `$1` to `$3` are host, port and user, each possibly empty, and the rest are the databases; none = all. Names go through the
 * environment, since as an argument `a=b` would be read as connection options.
 */
const DUMP = scriptOf('./dump-postgresql.sh');

/**
 * Without credentials PostgreSQL's own account is used, which its host lets in by default. With a password the server's programs
 * need a file with it, and read that more than once: it is a file that has no name any more when the password is written, so
 * nothing is left behind in any case. Both run the script `$1`.
 */
const AS_POSTGRES = scriptOf('./dump-as-postgres.sh');
const WITH_PASSWORD = scriptOf('./dump-with-password.sh');

/** A password file for any server and account. */
export const passwordLine = (password: string): string => `*:*:*:*:${password.replaceAll(/[\\:]/g, '\\$&')}\n`;

/** A dump that makes its databases when psql reads it; with several, the roles of the server come first. */
export const postgresqlDump = (access: DatabaseAccess, databases: Databases): DumpSource => {
  const { user, password, host, port } = access;
  const where = [host ?? '', port === undefined ? '' : String(port), user ?? ''];
  const argv = (wrapper: readonly string[]): readonly string[] => [
    'sh',
    '-c',
    ...wrapper,
    ...where,
    ...namesOf(databases),
  ];
  const dump = { kind: 'dump', name: 'postgresql.sql' } as const;
  if (hasText(password)) {
    const line = passwordLine(password);
    return { ...dump, argv: argv([WITH_PASSWORD, 'sh', DUMP]), input: line, secrets: [password] };
  }
  return { ...dump, argv: argv(hasText(user) ? [DUMP, 'sh'] : [AS_POSTGRES, 'sh', DUMP]) };
};
