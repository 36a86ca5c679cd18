import { readScript } from '@cyborgbackup/borg';
import { parsePolicyVariables, policyVariables } from '@cyborgbackup/contracts';
import { accessOf, hasText, type DatabaseAccess } from '../backup/sources/database-access.ts';
import { optionFile } from '../backup/sources/mysql-dump.ts';
import { passwordLine } from '../backup/sources/postgresql-dump.ts';

/** A script that reads SQL from its standard input, and how to tell from its messages whether all of it was run. */
export interface SqlClient {
  readonly script: string;
  /** Shell variables of the script, never in an argument or the environment. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Texts to redact in the client's messages. */
  readonly hidden: readonly string[];
  /** Lines of its standard error that mean that something was not run. */
  failures(lines: readonly string[]): readonly string[];
}

const scriptOf = (name: string): string => readScript(new URL(name, import.meta.url));
const CREDENTIALS = scriptOf('./credentials-file.sh');
const MYSQL = `${CREDENTIALS}\n${scriptOf('./run-mysql.sh')}`;
const POSTGRESQL = `${CREDENTIALS}\n${scriptOf('./run-psql.sh')}`;

/**
 * A dump of a whole server drops and creates its roles. The role that restores it cannot be dropped, nor those that own
 * objects outside of the dump; they exist already, and still get their settings.
 */
const EXPECTED =
  /current user cannot be dropped|session user cannot be dropped|role "[^"]*" (already exists|cannot be dropped because some objects depend on it)/;

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
      return mysqlClient(accessOf(all, extended_mysql?.[client]));
    }
    case 'postgresql': {
      const { extended_postgresql, ...all } = parsePolicyVariables(policyVariables.postgresql, variables);
      return postgresqlClient(accessOf(all, extended_postgresql?.[client]));
    }
    default:
      return undefined;
  }
};
