import {
  ensureRoles,
  inTransaction,
  loadMigrations,
  lockUntilCommit,
  migrate,
  readSql,
  SERVICE_ROLES,
  serviceRole,
} from '@cyborgbackup/database';
import type { ClientBase } from 'pg';

/**
 * What one service may do with the log and the keys. Names of streams and of subjects are given as in docs/architecture.md:
 * `job-<uuid>`, `host-key-<host>:<port>`.
 */
export interface LogAccess {
  readonly service: string;
  /** Streams in which its events name services as their actors, itself or another that has asked it. */
  readonly streams: readonly string[];
  /** Streams in which its events may also say that a user acts. */
  readonly userStreams: readonly string[];
  /** Subjects whose keys it may read and make. */
  readonly subjects: readonly string[];
}

const PARTS: Readonly<Record<string, string>> = {
  uuid: '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  hash: '[0-9a-f]{64}',
  host: '.+',
  port: '[0-9]+',
  any: '.+',
};

const part = (name: string): string => {
  const expression = PARTS[name];
  if (expression === undefined) throw new TypeError(`<${name}> is no part of a name`);
  return expression;
};

/** One regular expression for names of these forms. PostgreSQL and JavaScript read it alike. */
export const namePattern = (forms: readonly string[]): string =>
  `^(${forms.map((form) => form.replaceAll(/<(\w+)>/g, (_, name: string) => part(name))).join('|')})$`;

const SET_WRITERS = readSql(new URL('./set-writers.sql', import.meta.url));
const SET_READERS = readSql(new URL('../crypto/set-readers.sql', import.meta.url));

const setAccess = (admin: ClientBase, access: readonly LogAccess[]): Promise<void> =>
  inTransaction(admin, async () => {
    await lockUntilCommit(admin, 'schema', 'events');
    const writers = access.flatMap(({ service, streams, userStreams }) => [
      ...(streams.length > 0 ? [{ role: serviceRole(service), streams: namePattern(streams), for_users: false }] : []),
      ...(userStreams.length > 0
        ? [{ role: serviceRole(service), streams: namePattern(userStreams), for_users: true }]
        : []),
    ]);
    const readers = access
      .filter(({ subjects }) => subjects.length > 0)
      .map(({ service, subjects }) => ({ role: serviceRole(service), subjects: namePattern(subjects) }));
    await admin.query(SET_WRITERS, [JSON.stringify(writers)]);
    await admin.query(SET_READERS, [JSON.stringify(readers)]);
  });

/**
 * Makes or updates the tables of the event store and of the subject keys, the roles of the services, and what each of them may
 * do there. Needs the owner of the database; may be repeated, also by several processes at once.
 * @throws AppError `forbidden` when a role is missing and may not be made, with the SQL for the administrator
 */
export const installEventStore = async (admin: ClientBase, access: readonly LogAccess[]): Promise<void> => {
  await ensureRoles(admin, SERVICE_ROLES, { grant: true });
  await migrate(admin, 'events', loadMigrations(new URL('./sql/', import.meta.url)));
  await migrate(admin, 'keys', loadMigrations(new URL('../crypto/sql/', import.meta.url)));
  await setAccess(admin, access);
};
