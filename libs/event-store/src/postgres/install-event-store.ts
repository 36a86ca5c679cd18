import { APP_ROLE, ensureRole, loadMigrations, migrate } from '@cyborgbackup/database';
import type { ClientBase } from 'pg';

/**
 * Makes or updates the tables of the event store and of the subject keys, and the role of the services. Needs the owner of
 * the database; may be repeated, also by several processes at once.
 * @throws AppError `forbidden` when the role is missing and may not be made, with the SQL for the administrator
 */
export const installEventStore = async (admin: ClientBase): Promise<void> => {
  await ensureRole(admin, APP_ROLE, { grant: true });
  await migrate(admin, 'events', loadMigrations(new URL('./sql/', import.meta.url)));
  await migrate(admin, 'keys', loadMigrations(new URL('../crypto/sql/', import.meta.url)));
};
