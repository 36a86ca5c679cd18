import { AppError, sqlState } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';

/** The role every service's pool takes on, by the connection option `-c role=cyborgbackup_app`. It owns the read models only. */
export const APP_ROLE = 'cyborgbackup_app';

/** May read every read model and nothing else: for reports and dashboards. */
export const READER_ROLE = 'cyborgbackup_reader';

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Makes the role where it is missing. Roles belong to the whole cluster: another database of it may be installed at the same
 * moment, and then makes the role first.
 * @param options.grant lets the current login take the role on
 * @throws AppError `forbidden` when it is missing and may not be made, with the SQL for the administrator
 */
export const ensureRole = async (
  admin: ClientBase,
  role: string,
  { grant = false }: { readonly grant?: boolean } = {},
): Promise<void> => {
  const { rows } = await admin.query<{ login: string }>(
    'select quote_ident(current_user) as login where not exists (select from pg_roles where rolname = $1)',
    [role],
  );
  const [missing] = rows;
  if (!missing) return;
  const statements = `create role ${role} nologin;${grant ? ` grant ${role} to ${missing.login};` : ''}`;
  try {
    await admin.query(statements);
  } catch (error) {
    const state = sqlState(error);
    if (state === DUPLICATE_OBJECT || state === UNIQUE_VIOLATION) return;
    if (state !== INSUFFICIENT_PRIVILEGE) throw error;
    const message = `The role ${role} is missing; let a database administrator run: ${statements}`;
    throw new AppError('forbidden', message, { cause: error });
  }
};
