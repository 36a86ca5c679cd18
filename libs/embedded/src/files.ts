import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

const isErrno = (error: unknown, codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);

/** Whether the work fails with one of these system error codes, such as `ENOENT`. @throws any other error of it */
export const fails = async (work: Promise<unknown>, ...codes: readonly string[]): Promise<boolean> => {
  try {
    await work;
    return false;
  } catch (error) {
    if (isErrno(error, codes)) return true;
    throw error;
  }
};

/** The text of a file; undefined when there is none. */
const readIfThere = async (path: string): Promise<string | undefined> => {
  const text = readFile(path, 'utf8');
  return (await fails(text, 'ENOENT')) ? undefined : text;
};

/**
 * The secret kept in `path` (mode 0600): 32 random bytes as hex, made on the first call. Written beside and renamed, so
 * that a crash never leaves half a secret.
 */
export const readOrCreateSecret = async (path: string): Promise<string> => {
  const kept = await readIfThere(path);
  if (kept !== undefined) return kept.trim();
  const secret = randomBytes(32).toString('hex');
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return secret;
};
