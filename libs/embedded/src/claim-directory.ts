import { AppError } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './errno.ts';

/** Has ended, and its parent has not asked for its status yet: a parent that never does must not keep the folder taken. */
const isDead = (state: string | undefined): boolean => state === 'Z' || state === 'X';

/** When a process started, in clock ticks since boot: with its id, this names one process for good. Undefined: no such process. */
const startOf = async (pid: string): Promise<string | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses; field 3 follows the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return isDead(fields[0]) ? undefined : fields[19];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
};

const livingOwner = async (file: string): Promise<string | undefined> => {
  try {
    const [pid = '', start] = (await readFile(file, 'utf8')).trim().split(' ');
    return /^\d+$/.test(pid) && start !== undefined && (await startOf(pid)) === start ? pid : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
};

const inUse = (directory: string, owner: string): AppError =>
  new AppError('conflict', `${directory} is in use by process ${owner}; stop it, or choose another data directory.`);

/** Puts the file in its place, unless there is one already. A link appears at once, with all its content. */
const linkOwner = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
};

/**
 * Takes a server's folder (made if need be, mode 0700) for this process, so that whatever runs there without a living
 * owner is known to be a leftover. Returns what gives the folder back.
 * @throws AppError `conflict` while another process, or this one, holds it
 */
export const claimDirectory = async (directory: string): Promise<() => Promise<void>> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'owner');
  const mine = join(directory, `owner-${randomUUID()}`);
  await writeFile(mine, `${process.pid} ${(await startOf('self')) ?? ''}\n`, { mode: 0o600 });
  try {
    while (!(await linkOwner(mine, file))) {
      const owner = await livingOwner(file);
      if (owner !== undefined) throw inUse(directory, owner);
      await rm(file, { force: true });
    }
  } finally {
    await rm(mine);
  }
  return () => rm(file, { force: true });
};
