import { loadMasterKey, type SubjectKeys } from '@cyborgbackup/event-store';
import { AppError, hasCode } from '@cyborgbackup/kernel';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { KEY_CHECK_SUBJECT } from './log-access.ts';
import type { ServiceConfig } from './service-config.ts';

/** Whether a process has sealed something here before: each one does as it starts, see `checkMasterKey`. */
const isKeyInUse = async (pool: Pool): Promise<boolean> => {
  const { rowCount } = await pool.query('select from keys.subject_keys where subject = $1', [KEY_CHECK_SUBJECT]);
  return rowCount === 1;
};

/**
 * As configured. A key is made only for a database in which nothing is sealed: next to one that is missing, a new key would look as
 * if all were well, and open nothing.
 * @throws AppError `validation` when it is missing or damaged
 */
export const masterKeyOf = async (
  { CYBORGBACKUP_MASTER_KEY: value, CYBORGBACKUP_DATA_DIR: directory = '.' }: Partial<ServiceConfig>,
  pool: Pool,
): Promise<Buffer> => {
  const create = value === undefined && !(await isKeyInUse(pool));
  if (create) await mkdir(directory, { recursive: true, mode: 0o700 });
  return loadMasterKey({ value, file: join(directory, 'master.key'), create });
};

/** With a wrong key every secret and every name in the log would be unreadable: better not to start at all. */
export const checkMasterKey = async (keys: SubjectKeys): Promise<void> => {
  try {
    await keys.seal(KEY_CHECK_SUBJECT, 'readable');
  } catch (cause) {
    // What the database itself has to say is told as it is.
    if (!hasCode(cause, 'internal')) throw cause;
    throw new AppError(
      'validation',
      'The master key does not open the keys in this database: give back the one that was used before.',
      { cause },
    );
  }
};

/** What a service without the master key says where it would need it, which is a defect. */
export const noMasterKey = (service: string): AppError =>
  new AppError('internal', `The service ${service} holds no master key: it can make no secret and open none.`);

export const withoutKeys = (service: string): SubjectKeys => {
  const refuse = (): Promise<never> => Promise.reject(noMasterKey(service));
  return { seal: refuse, open: refuse, erase: refuse };
};
