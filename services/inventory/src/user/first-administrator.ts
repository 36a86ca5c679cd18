import { loadState } from '@cyborgbackup/event-store';
import { hasCode, hashPassword } from '@cyborgbackup/kernel';
import { randomBytes, randomUUID } from 'node:crypto';
import type { AdminConfig } from './admin-config.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { createUserEntity } from './commands.ts';
import { userDecider, userStream } from './decider.ts';

/** Always the same, so that of two processes that start at once one makes the administrator and the other meets it. */
const FIRST_ADMINISTRATOR = '00000000-0000-4000-8000-000000000001';

const DEFAULT_EMAIL = 'admin@cyborgbackup.local';

export interface InitialAdmin {
  readonly email: string;
  readonly password: string;
}

const NO_REPORTS = {
  notify_backup_daily: false,
  notify_backup_weekly: false,
  notify_backup_monthly: false,
  notify_backup_success: false,
  notify_backup_failed: false,
  notify_backup_summary: false,
};

/**
 * Makes the first superuser, unless there ever was one: also one that was removed does not come back.
 * @returns the log-in when the password was made up here; it is known nowhere else
 */
export const ensureFirstAdministrator = async (
  deps: InventoryDeps,
  { CYBORGBACKUP_ADMIN_EMAIL: email = DEFAULT_EMAIL, CYBORGBACKUP_ADMIN_PASSWORD: adminPassword }: Partial<AdminConfig>,
): Promise<InitialAdmin | undefined> => {
  const uuid = FIRST_ADMINISTRATOR;
  const { version } = await loadState(deps, userDecider, userStream(uuid));
  if (version > 0) return undefined;
  const password = adminPassword ?? randomBytes(15).toString('base64url');
  const fields = { email, first_name: '', last_name: '', is_superuser: true, ...NO_REPORTS };
  const passwordHash = await hashPassword(password);
  try {
    const { register } = createUserEntity(deps);
    await register({ uuid, command_id: randomUUID() }, (id) => ({ type: 'register', uuid, id, fields, passwordHash }));
  } catch (error) {
    if (hasCode(error, 'conflict')) return undefined; // another process was faster
    throw error;
  }
  return adminPassword === undefined ? { email, password } : undefined;
};
