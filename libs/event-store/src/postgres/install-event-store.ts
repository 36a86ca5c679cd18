import { AppError } from '@cyborgbackup/kernel';
import type pg from 'pg';
import { subjectKeys } from '../crypto/sql/0001-subject-keys.ts';
import { migrate } from './migrate.ts';
import { append } from './sql/0002-append.ts';
import { events } from './sql/0001-events.ts';
import { withSchemaLock } from './with-schema-lock.ts';

/** The role every service's pool takes on, by the connection option `-c role=cyborgbackup_app`. It owns nothing. */
export const APP_ROLE = 'cyborgbackup_app';

/** What services may do: read the log, append through the one function, keep keys. Repeating it changes nothing. */
const GRANTS = `
revoke all on all functions in schema events, keys from public;
revoke all on all tables in schema events, keys from ${APP_ROLE};
grant usage on schema events, keys to ${APP_ROLE};
grant select on events.events, events.streams, events.positions to ${APP_ROLE};
grant execute on function events.ceiling() to ${APP_ROLE};
grant execute on function
  events.append(text[], integer[], integer[], uuid[], text[], integer[], json[], json[], bytea[]) to ${APP_ROLE};
grant select, insert, update on keys.subject_keys to ${APP_ROLE};
`;

/**
 * Makes or updates the tables of the event store and of the subject keys, and the role of the services. Needs the owner of
 * the database; may be repeated, also by several processes at once.
 * @throws AppError `forbidden` when the role is missing and may not be made, with the SQL for the administrator
 */
export const installEventStore = async (admin: pg.ClientBase): Promise<void> => {
  await migrate(admin, 'events', [events, append]);
  await migrate(admin, 'keys', [subjectKeys]);
  await ensureAppRole(admin);
  await withSchemaLock(admin, 'events', () => admin.query(GRANTS));
};

const ensureAppRole = async (admin: pg.ClientBase): Promise<void> => {
  const { rows } = await admin.query<{ login: string }>(
    'select quote_ident(current_user) as login where not exists (select from pg_roles where rolname = $1)',
    [APP_ROLE],
  );
  const [missing] = rows;
  if (!missing) return;
  const statements = `create role ${APP_ROLE} nologin; grant ${APP_ROLE} to ${missing.login};`;
  try {
    await admin.query(statements);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Another database of the same cluster is being installed at the same moment.
    if (code === DUPLICATE_OBJECT || code === UNIQUE_VIOLATION) return;
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new AppError(
      'forbidden',
      `The role ${APP_ROLE} is missing; let a database administrator run: ${statements}`,
      {
        cause: error,
      },
    );
  }
};

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const INSUFFICIENT_PRIVILEGE = '42501';
