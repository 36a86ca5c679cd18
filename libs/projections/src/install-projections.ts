import { APP_ROLE, migrate, withSchemaLock } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';
import { quoteIdentifier as quote } from './define/identifier.ts';
import { checkpoints } from './sql/0001-checkpoints.ts';
import { sqlState } from './sql-error.ts';

/** May read every read model and nothing else: for reports and dashboards. */
export const READER_ROLE = 'cyborgbackup_reader';

/**
 * Prepares a database for projections, after `installEventStore`. Needs the owner of the database; may be repeated, also by
 * several processes at once.
 *
 * Who may do what: a rebuild makes a shadow schema and renames it over the live one, which takes the owner of both and the
 * right to create schemas. So the application role owns the read models and may create schemas in this database. That
 * gives nothing away: read models can always be had again from the log. What cannot, the log and the keys, is in schemas
 * that belong to the owner of the database, where the application role can change neither tables nor rows.
 * @throws AppError `forbidden` when a role is missing and may not be made, with the SQL for the administrator
 */
export const installProjections = async (admin: ClientBase): Promise<void> => {
  await migrate(admin, 'projections', [checkpoints]);
  await ensureReaderRole(admin);
  await withSchemaLock(admin, 'projections', () => grant(admin));
};

/** PostgreSQL refuses two grants on one object at the same moment. */
const grant = async (admin: ClientBase): Promise<void> => {
  const { rows } = await admin.query<{ readonly name: string }>('SELECT current_database() AS name');
  for (const { name } of rows) await admin.query(`GRANT CREATE ON DATABASE ${quote(name)} TO ${APP_ROLE}`);
  await admin.query(`
    GRANT USAGE ON SCHEMA projections TO ${APP_ROLE}, ${READER_ROLE};
    GRANT SELECT, INSERT, UPDATE, DELETE ON projections.checkpoints, projections.parked_events TO ${APP_ROLE};
    GRANT SELECT ON projections.checkpoints, projections.parked_events TO ${READER_ROLE}`);
};

/** Roles belong to the whole cluster: another database's installation may be making the same one at this moment. */
const ensureReaderRole = async (admin: ClientBase): Promise<void> => {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [READER_ROLE]);
  if (rowCount === 1) return;
  const statement = `CREATE ROLE ${READER_ROLE} NOLOGIN;`;
  try {
    await admin.query(statement);
  } catch (error) {
    if (['42710', '23505'].includes(sqlState(error))) return; // it exists by now
    if (sqlState(error) !== '42501') throw error;
    throw new AppError(
      'forbidden',
      `The role ${READER_ROLE} is missing; let a database administrator run: ${statement}`,
      {
        cause: error,
      },
    );
  }
};
