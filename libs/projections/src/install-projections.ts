import { migrate } from '@cyborgbackup/event-store';
import type { ClientBase } from 'pg';
import { quoteIdentifier as quote } from './identifier.ts';
import { checkpoints } from './sql/0001-checkpoints.ts';

/** Runs projections. */
export const APP_ROLE = 'cyborgbackup_app';

/** May read every read model and nothing else. */
export const READER_ROLE = 'cyborgbackup_reader';

// Roles belong to the whole cluster: another database's installation may be making the same one at this moment.
const createRole = (role: string): string => `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role} NOLOGIN; END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$`;

/**
 * Prepares a database for projections; safe to repeat. To be run by its administrator.
 *
 * Who may do what: a rebuild makes a shadow schema and renames it over the live one, which takes the owner of both and
 * the right to create schemas. So the application role owns the read models and may create schemas in this database.
 * That is no loss: read models can always be had again from the log. What must not be lost, the log, is in a schema that
 * belongs to the administrator, where the application role can neither change rows nor tables.
 */
export const installProjections = async (admin: ClientBase): Promise<void> => {
  await migrate(admin, 'projections', [checkpoints]);
  for (const role of [APP_ROLE, READER_ROLE]) await admin.query(createRole(role));
  const { rows } = await admin.query<{ readonly name: string }>('SELECT current_database() AS name');
  for (const { name } of rows) await admin.query(`GRANT CREATE ON DATABASE ${quote(name)} TO ${APP_ROLE}`);
  await admin.query(`
    GRANT USAGE ON SCHEMA projections TO ${APP_ROLE}, ${READER_ROLE};
    GRANT SELECT, INSERT, UPDATE, DELETE ON projections.checkpoints, projections.parked TO ${APP_ROLE};
    GRANT SELECT ON projections.checkpoints, projections.parked TO ${READER_ROLE}`);
};
