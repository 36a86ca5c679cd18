import { handleCommand, loadState } from '@cyborgbackup/event-store';
import { hasCode, hashPassword } from '@cyborgbackup/kernel';
import { drawId } from '@cyborgbackup/service';
import { randomBytes } from 'node:crypto';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { userDecider, userStream } from './decider.ts';
import { comparableEmail, createEmails } from './emails.ts';

/** Always the same, so that of two processes that start at once one makes the administrator and the other meets it. */
const FIRST_ADMINISTRATOR = '00000000-0000-4000-8000-000000000001';

const DEFAULT_EMAIL = 'admin@cyborgbackup.local';

export interface FirstAdministratorOptions {
  /** `admin@cyborgbackup.local` unless told. */
  readonly adminEmail?: string | undefined;
  /** A random one unless told. */
  readonly adminPassword?: string | undefined;
}

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
  { adminEmail: email = DEFAULT_EMAIL, adminPassword }: FirstAdministratorOptions,
): Promise<InitialAdmin | undefined> => {
  const stream = userStream(FIRST_ADMINISTRATOR);
  const { version } = await loadState(deps, userDecider, stream);
  if (version > 0) return undefined;
  const password = adminPassword ?? randomBytes(15).toString('base64url');
  const fields = { email, first_name: '', last_name: '', is_superuser: true, ...NO_REPORTS };
  const passwordHash = await hashPassword(password);
  const id = await drawId(deps.pool, 'user');
  const command = { type: 'register', uuid: FIRST_ADMINISTRATOR, id, fields, passwordHash } as const;
  userDecider.decide(command, undefined); // refuses a wrong address before it is claimed
  try {
    await createEmails(deps).register(stream, comparableEmail(email), () =>
      handleCommand(deps, userDecider)(stream, command),
    );
  } catch (error) {
    if (hasCode(error, 'conflict')) return undefined; // another process was faster
    throw error;
  }
  return adminPassword === undefined ? { email, password } : undefined;
};
