import { AppError, SERVICE_NAMES, sqlState } from '@cyborgbackup/kernel';
import type { ClientBase } from 'pg';

/** The role of one service. What it may do, and in what is not its own, is in docs/decisions/0027-a-role-for-each-service.md. */
export const serviceRole = (service: string): string => `cyborgbackup_${service}`;

export const SERVICE_ROLES: readonly string[] = SERVICE_NAMES.map(serviceRole);

/** The connection options by which a pool takes on the service's role, whatever its login may do besides. */
export const asService = (service: string): string => `-c role=${serviceRole(service)}`;

/** May read every read model and nothing else: for reports and dashboards. */
export const READER_ROLE = 'cyborgbackup_reader';

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * What is missing for the current login to have, or to be, these roles. `usage`, since it holds for superusers and for whom a
 * role was granted to, but not for who only may grant it.
 */
const MISSING = `
  select format('create role %I nologin;', given.role) as statement
    from unnest($1::text[]) given(role) where to_regrole(given.role) is null
  union all
  select format('grant %I to %I;', given.role, current_user)
    from unnest($1::text[]) given(role)
   where $2 and not coalesce(pg_has_role(current_user, to_regrole(given.role)::oid, 'usage'), false)`;

/**
 * Makes the roles that are missing. Roles belong to the whole cluster: another database of it may be installed at the same
 * moment, and then makes a role first.
 * @param options.grant lets the current login take the roles on
 * @throws AppError `forbidden` when something is missing and may not be made, with the SQL for the administrator
 */
export const ensureRoles = async (
  admin: ClientBase,
  roles: readonly string[],
  { grant = false }: { readonly grant?: boolean } = {},
): Promise<void> => {
  const { rows } = await admin.query<{ statement: string }>(MISSING, [roles, grant]);
  const statements = rows.map(({ statement }) => statement);
  for (const statement of statements) {
    try {
      await admin.query(statement);
    } catch (error) {
      const state = sqlState(error);
      if (state === DUPLICATE_OBJECT || state === UNIQUE_VIOLATION) continue;
      if (state !== INSUFFICIENT_PRIVILEGE) throw error;
      const message = `Roles are missing; let a database administrator run: ${statements.join(' ')}`;
      throw new AppError('forbidden', message, { cause: error });
    }
  }
};
