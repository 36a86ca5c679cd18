import { SERVICE_ROLES, serviceRole } from '@cyborgbackup/database';
import { delay } from '@cyborgbackup/kernel';
import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Where `global-setup.ts` says which cluster this run uses. */
export const CLUSTER_VARIABLE = 'CYBORGBACKUP_TEST_POSTGRES';

/** What a process is that is no service: it may do what any of them may. */
const LOGIN_ROLE = serviceRole('test');

/** A database of its own for one test file (or one test). */
export interface TestDatabase extends AsyncDisposable {
  /** A login that owns nothing, member of the services' roles: see `asService`. */
  readonly url: string;
  /** The superuser's: for migrations. */
  readonly adminUrl: string;
}

const clusterUrl = (): string => {
  const url = process.env[CLUSTER_VARIABLE];
  if (url === undefined) throw new Error('No test cluster: name the test file *.int.test.ts or *.e2e.test.ts');
  return url;
};

const inCluster = async (url: string, statements: readonly string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};

/**
 * Makes the roles. They belong to the whole cluster, so this is done once per run, before any test: two test files that
 * made them at the same moment would fail each other. The login role's password is the superuser's: both end with the run.
 */
export const prepareCluster = async (url: string): Promise<void> => {
  const password = pg.escapeLiteral(new URL(url).password);
  await inCluster(url, [
    ...SERVICE_ROLES.map((role) => `create role ${role} nologin`),
    `create role ${LOGIN_ROLE} login password ${password} in role ${SERVICE_ROLES.join(', ')}`,
  ]);
};

const LEAVE_MILLIS = 2_000;

/**
 * Drops a database. A pool that was ended closes its connections a moment later: they are waited for, since a client that is
 * disconnected raises an error without a listener, and that ends the process. Connections that stay are cut all the same.
 */
const dropDatabase = async (cluster: string, name: string): Promise<void> => {
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  try {
    const deadline = Date.now() + LEAVE_MILLIS;
    const connected = async (): Promise<boolean> =>
      ((await client.query('select from pg_stat_activity where datname = $1', [name])).rowCount ?? 0) > 0;
    while (Date.now() < deadline && (await connected())) await delay(10);
    await client.query(`drop database ${name} with (force)`);
  } finally {
    await client.end();
  }
};

/** A fresh, empty database in this run's cluster; disposing of it drops it, together with connections that are still open. */
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const cluster = clusterUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await inCluster(cluster, [`create database ${name} template template0`]);
  const admin = new URL(cluster);
  admin.pathname = name;
  const login = new URL(admin);
  login.username = LOGIN_ROLE;
  return {
    url: login.href,
    adminUrl: admin.href,
    [Symbol.asyncDispose]: () => dropDatabase(cluster, name),
  };
};
