import { stat } from 'node:fs/promises';
import { isErrno } from './errno.ts';

/** Whether there is anything at `path`. Throws when that cannot be told, for example for want of permission. */
export const pathExists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
};
