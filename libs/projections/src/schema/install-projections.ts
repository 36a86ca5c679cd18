import { ensureRole, loadMigrations, migrate, READER_ROLE } from '@cyborgbackup/database';
import type { ClientBase } from 'pg';

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
  await ensureRole(admin, READER_ROLE);
  await migrate(admin, 'projections', loadMigrations(new URL('./sql/', import.meta.url)));
};
