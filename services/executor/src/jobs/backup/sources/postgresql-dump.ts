import type { DumpSource } from './backup-source.ts';
import { hasText, namesOf, type DatabaseAccess, type Databases } from './database-access.ts';

/**
 * `$1` to `$3` are host, port and user, each possibly empty, and the rest the databases; none = all. Names go through the
 * environment, since as an argument `a=b` would be read as connection options.
 */
const DUMP = `
set -e
[ -z "$1" ] || export PGHOST="$1"
[ -z "$2" ] || export PGPORT="$2"
[ -z "$3" ] || export PGUSER="$3"
shift 3
[ "$#" -gt 0 ] || exec pg_dumpall --no-password --clean --if-exists
[ "$#" -eq 1 ] || pg_dumpall --no-password --globals-only
for database do PGDATABASE=$database pg_dump --no-password --clean --if-exists --create; done`.trim();

/**
 * Without credentials PostgreSQL's own account is used, which its host lets in by default. With a password the server's
 * programs want a file with it, and read that more than once: it gets one that has no name any more when the password is
 * written, so nothing stays behind whatever happens.
 */
const AS_POSTGRES = `
dump=$1; shift
cd /
[ "$(id -un)" != postgres ] || exec sh -c "$dump" sh "$@"
[ "$(id -u)" = 0 ] || exec sudo -n -u postgres -- sh -c "$dump" sh "$@"
if command -v runuser >/dev/null; then exec runuser -u postgres -- sh -c "$dump" sh "$@"; fi
exec su postgres -s /bin/sh -c "$dump" -- sh "$@"`.trim();

const WITH_PASSWORD = `
dump=$1; shift
[ -w /dev/shm ] && folder=/dev/shm || folder=/tmp
file=$(mktemp "$folder/cyborgbackup.XXXXXXXXXX") || exit
exec 9<>"$file" && rm -f "$file" && cat >&9 || exit
export PGPASSFILE=/dev/fd/9
exec sh -c "$dump" sh "$@" </dev/null`.trim();

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
