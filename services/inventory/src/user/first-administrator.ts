import { loadState } from '@cyborgbackup/event-store';
import { AppError, hasCode, hashPassword } from '@cyborgbackup/kernel';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AdminConfig } from './admin-config.ts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { createUserEntity } from './commands.ts';
import { userDecider, userStream } from './decider.ts';

/** Always the same, so that of two processes that start at once one makes the administrator and the other meets it. */
const FIRST_ADMINISTRATOR = '00000000-0000-4000-8000-000000000001';

const DEFAULT_EMAIL = 'admin@cyborgbackup.local';

export interface InitialAdmin {
  readonly email: string;
  /** File with the password, for the owner of this process only. It is nowhere else: remove it once it was read. */
  readonly passwordFile: string;
}

const PASSWORD_FILE = 'initial-admin-password';

/** A password that was made up, in a file of its own until it is known to count. */
interface DraftedPassword {
  readonly password: string;
  /** Gives the file its name. Returns its path. */
  keep(): Promise<string>;
  discard(): Promise<void>;
}

/**
 * A random password in a file of mode 0600: not on standard output, which ends up in the logs of supervisors and containers. It is
 * written before there is an administrator, so that nobody can be left without it, and takes its name afterwards: of two processes
 * that start at once, the file is that of the one whose password counts.
 */
const draftPassword = async (directory: string): Promise<DraftedPassword> => {
  const password = randomBytes(15).toString('base64url');
  const file = resolve(directory, PASSWORD_FILE);
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(draft, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    const advice = 'set CYBORGBACKUP_ADMIN_PASSWORD, or a CYBORGBACKUP_DATA_DIR that can be written.';
    throw new AppError('unavailable', `The first password cannot be written to ${file}: ${advice}`, { cause });
  }
  return { password, keep: () => rename(draft, file).then(() => file), discard: () => rm(draft, { force: true }) };
};

const NO_REPORTS = {
  notify_backup_daily: false,
  notify_backup_weekly: false,
  notify_backup_monthly: false,
  notify_backup_success: false,
  notify_backup_failed: false,
  notify_backup_summary: false,
};

/** The administrator's own variables, and where files go. */
export type FirstAdministratorConfig = Partial<AdminConfig> & { readonly CYBORGBACKUP_DATA_DIR?: string };

/** False when another process was faster. */
const registerFirst = async (deps: InventoryDeps, email: string, password: string): Promise<boolean> => {
  const fields = { email, first_name: '', last_name: '', is_superuser: true, ...NO_REPORTS };
  const passwordHash = await hashPassword(password);
  const uuid = FIRST_ADMINISTRATOR;
  const { register } = createUserEntity(deps);
  try {
    await register({ uuid, command_id: randomUUID() }, (id) => ({ type: 'register', uuid, id, fields, passwordHash }));
    return true;
  } catch (error) {
    if (hasCode(error, 'conflict')) return false;
    throw error;
  }
};

/**
 * Makes the first superuser, unless there ever was one: also one that was removed does not come back.
 * @returns where the password is when it was made up here
 * @throws AppError `unavailable` when it cannot be written down; then there is no administrator yet
 */
export const ensureFirstAdministrator = async (
  deps: InventoryDeps,
  config: FirstAdministratorConfig,
): Promise<InitialAdmin | undefined> => {
  const { CYBORGBACKUP_ADMIN_EMAIL: email = DEFAULT_EMAIL, CYBORGBACKUP_ADMIN_PASSWORD: given } = config;
  const { version } = await loadState(deps, userDecider, userStream(FIRST_ADMINISTRATOR));
  if (version > 0) return undefined;
  if (given !== undefined) {
    await registerFirst(deps, email, given);
    return undefined;
  }
  const draft = await draftPassword(config.CYBORGBACKUP_DATA_DIR ?? './data');
  try {
    if (await registerFirst(deps, email, draft.password)) return { email, passwordFile: await draft.keep() };
    return undefined;
  } finally {
    await draft.discard();
  }
};
