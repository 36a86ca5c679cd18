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
  /** Types of its events, in whichever of its streams; `%` for all. Readers of the log go by the type, and not by the stream. */
  readonly types: readonly string[];
  /** Subjects whose keys it may read and make. */
  readonly subjects: readonly string[];
}

const PARTS: Readonly<Record<string, string>> = {
  uuid: '________-____-____-____-____________',
  hash: '_'.repeat(64),
  host: '%',
  port: '%',
  any: '%',
};

/**
 * The pattern by which `like` finds names of this form. Not a regular expression: PostgreSQL takes much longer for one, and lengths
 * and hyphens tell all forms apart.
 */
export const namePattern = (form: string): string =>
  form.replaceAll(/<(\w+)>/g, (_, part: string) => {
    const pattern = PARTS[part];
    if (pattern === undefined) throw new TypeError(`<${part}> is no part of a name`);
    return pattern;
  });

const SET_WRITERS = readSql(new URL('./set-writers.sql', import.meta.url));
const SET_WRITTEN_TYPES = readSql(new URL('./set-written-types.sql', import.meta.url));
const SET_READERS = readSql(new URL('../crypto/set-readers.sql', import.meta.url));

const setAccess = (admin: ClientBase, access: readonly LogAccess[]): Promise<void> =>
  inTransaction(admin, async () => {
    await lockUntilCommit(admin, 'schema', 'events');
    const writers = access.flatMap(({ service, streams, userStreams }) => {
      const rows = (forms: readonly string[], for_users: boolean) =>
        forms.map((form) => ({ role: serviceRole(service), streams: namePattern(form), for_users }));
      return [...rows(streams, false), ...rows(userStreams, true)];
    });
    const types = access.flatMap(({ service, types: written }) =>
      written.map((type) => ({ role: serviceRole(service), type })),
    );
    const readers = access.flatMap(({ service, subjects }) =>
      subjects.map((form) => ({ role: serviceRole(service), subjects: namePattern(form) })),
    );
    await admin.query(SET_WRITERS, [JSON.stringify(writers)]);
    await admin.query(SET_WRITTEN_TYPES, [JSON.stringify(types)]);
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
