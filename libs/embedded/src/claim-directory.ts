import { AppError } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fails, readIfThere } from './files.ts';

/**
 * When a process started, in clock ticks since boot: with its id, this names one process for ever. Undefined for none, and for
 * one that has ended: a parent that never asks for its status must not keep the folder taken.
 */
const startTimeOf = async (pid: string): Promise<string | undefined> => {
  const stat = (await readIfThere(`/proc/${pid}/stat`)) ?? '';
  // The command name, in parentheses, may itself hold spaces and parentheses; field 3 follows the last one.
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return /[ZX]/.test(state) ? undefined : fields[18];
};

const livingOwner = async (file: string): Promise<string | undefined> => {
  const [pid = '', start] = ((await readIfThere(file)) ?? '').trim().split(' ');
  return /^\d+$/.test(pid) && start !== undefined && (await startTimeOf(pid)) === start ? pid : undefined;
};

/**
 * Takes a server's folder (made if need be, mode 0700) for this process, so that a server that runs there without a living
 * owner is known to be left over. Returns what gives the folder back.
 * @throws AppError `conflict` while another process, or this one, holds it
 */
export const claimDirectory = async (directory: string): Promise<() => Promise<void>> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'owner');
  const own = join(directory, `owner-${randomUUID()}`);
  await writeFile(own, `${process.pid} ${(await startTimeOf('self')) ?? ''}\n`, { mode: 0o600 });
  try {
    // A link appears at once, with all its content.
    while (await fails(link(own, file), 'EEXIST')) {
      const owner = await livingOwner(file);
      if (owner !== undefined) {
        const advice = 'stop it, or choose another data directory.';
        throw new AppError('conflict', `${directory} is in use by process ${owner}; ${advice}`);
      }
      await rm(file, { force: true });
    }
  } finally {
    await rm(own);
  }
  return () => rm(file, { force: true });
};
