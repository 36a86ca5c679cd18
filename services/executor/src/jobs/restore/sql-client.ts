import { parsePolicyVariables, policyVariables } from '@cyborgbackup/contracts';
import { hasText, type DatabaseAccess } from '../backup/sources/database-access.ts';
import { optionFile } from '../backup/sources/mysql-dump.ts';
import { passwordLine } from '../backup/sources/postgresql-dump.ts';

/** A script that reads SQL from its standard input, and how to tell from what it says whether all of it was run. */
export interface SqlClient {
  readonly script: string;
  /** Shell variables of the script, never in an argument or the environment. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What nobody is to see in what the client says. */
  readonly hidden: readonly string[];
  /** Lines of its standard error that mean that something was not run. */
  failures(lines: readonly string[]): readonly string[];
}

/**
 * A file without a name, which has what is in `$credentials`: programs read it through `/dev/fd/9`, more than once if they
 * like, and nothing stays behind.
 */
const CREDENTIALS = `
[ -w /dev/shm ] && folder=/dev/shm || folder=/tmp
file=$(mktemp "$folder/cyborgbackup.XXXXXXXXXX") || exit
exec 9<>"$file" && rm -f "$file" && printf %s "$credentials" >&9 || exit`;

/** Stops at the first error. MariaDB has its own program, and newer ones have no other. */
const MYSQL = `
program=$(command -v mariadb || command -v mysql) || {
  echo 'Neither mariadb nor mysql is installed on this host.' >&2
  exit 127
}
${CREDENTIALS}
exec "$program" --defaults-extra-file=/dev/fd/9 --batch`.trim();

/** Errors are told in English where the account may say so. Without credentials PostgreSQL's own account is used. */
const POSTGRESQL = `
command -v psql >/dev/null || { echo 'psql is not installed on this host.' >&2; exit 127; }
export LC_ALL=C PGDATABASE=postgres
[ -z "$server_host" ] || export PGHOST="$server_host"
[ -z "$server_port" ] || export PGPORT="$server_port"
[ -z "$server_user" ] || export PGUSER="$server_user"
if [ -n "$credentials" ]; then
${CREDENTIALS}
  export PGPASSFILE=/dev/fd/9
fi
run='
  PGOPTIONS="-c lc_messages=C" psql --no-password -Xqc "select 1" >/dev/null 2>&1 </dev/null && export PGOPTIONS="-c lc_messages=C"
  exec psql --no-password -Xqf - >/dev/null'
cd /
if [ -n "$server_user$credentials" ] || [ "$(id -un)" = postgres ]; then exec sh -c "$run"; fi
[ "$(id -u)" = 0 ] || exec sudo -n -u postgres -- env PGDATABASE=postgres sh -c "$run"
if command -v runuser >/dev/null; then exec runuser -u postgres -- sh -c "$run"; fi
exec su postgres -s /bin/sh -c "$run"`.trim();

/**
 * A dump of a whole server drops and makes its roles anew. The one that restores it cannot be dropped, nor those that own
 * something outside of the dump; they are there already, and get their settings all the same.
 */
const EXPECTED =
  /current user cannot be dropped|session user cannot be dropped|role ".*" (already exists|cannot be dropped because some objects depend on it)/;

const SQL_ERROR = /(ERROR|FATAL|PANIC): {2}/;

const textOf = (value: string | number | undefined): string => (value === undefined ? '' : String(value));

const passwordsOf = ({ password }: DatabaseAccess): readonly string[] => (hasText(password) ? [password] : []);

const mysqlClient = (access: DatabaseAccess): SqlClient => ({
  script: MYSQL,
  secrets: { credentials: optionFile(access) },
  hidden: passwordsOf(access),
  failures: (lines) => lines.filter((line) => line.startsWith('ERROR ')),
});

const postgresqlClient = ({ user, password, host, port }: DatabaseAccess): SqlClient => ({
  script: POSTGRESQL,
  secrets: {
    credentials: hasText(password) ? passwordLine(password) : '',
    server_host: textOf(host),
    server_port: textOf(port),
    server_user: textOf(user),
  },
  hidden: passwordsOf({ password }),
  failures: (lines) => lines.filter((line) => SQL_ERROR.test(line) && !EXPECTED.test(line)),
});

/**
 * The client for the databases that policies of this type back up.
 * @param client id of the client that has the server
 * @throws AppError `validation` for variables that cannot be used; undefined for a type that is no database's
 */
export const sqlClientOf = (policyType: string, variables: string, client: number): SqlClient | undefined => {
  switch (policyType) {
    case 'mysql': {
      const { extended_mysql, ...all } = parsePolicyVariables(policyVariables.mysql, variables);
      const own = extended_mysql?.[client];
      return mysqlClient(own ? (own.credential ?? {}) : all);
    }
    case 'postgresql': {
      const { extended_postgresql, ...all } = parsePolicyVariables(policyVariables.postgresql, variables);
      const own = extended_postgresql?.[client];
      return postgresqlClient(own ? (own.credential ?? {}) : all);
    }
    default:
      return undefined;
  }
};
