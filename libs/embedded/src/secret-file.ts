import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isErrno } from './errno.ts';

/**
 * The secret kept in `path` (mode 0600): 32 random bytes as hex, made on the first call. Written beside and renamed, so
 * that a crash never leaves half a secret.
 */
export const readOrCreateSecret = async (path: string): Promise<string> => {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  const secret = randomBytes(32).toString('hex');
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return secret;
};
