import { AppError } from '@cyborgbackup/kernel';
import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';

const KEY_BYTES = 32;

export interface MasterKeySource {
  /** base64 of 32 bytes, from the environment. Goes before the file. */
  readonly value?: string | undefined;
  /** A file that holds the same. */
  readonly file?: string | undefined;
  /** Make the file, with random bytes and for its owner only, when it is not there. Default: false. */
  readonly create?: boolean;
}

/**
 * The key that wraps all subject keys. Without it every personal and secret field in the log is lost.
 * @throws AppError `validation` when there is none, or it is not 32 bytes in base64
 */
export const loadMasterKey = async ({ value, file, create = false }: MasterKeySource): Promise<Buffer> => {
  if (value !== undefined) return parseKey(value, 'the environment');
  if (file === undefined) {
    throw new AppError(
      'validation',
      'No master key: give one in the environment (openssl rand -base64 32) or name its file.',
    );
  }
  return parseKey(await readKeyFile(file, create), file);
};

/** A key of its own for one purpose, so that no key is used for two things. */
export const deriveKey = (masterKey: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `cyborgbackup/${purpose}`, KEY_BYTES));

const parseKey = (text: string, source: string): Buffer => {
  const key = Buffer.from(text.trim(), 'base64');
  // Buffer.from skips what is not base64: compare, so that a damaged key is not taken for a shorter or another one.
  if (key.length === KEY_BYTES && key.toString('base64').replace(/=$/, '') === text.trim().replace(/=$/, ''))
    return key;
  throw new AppError('validation', `The master key in ${source} is not base64 of 32 bytes: put the right one back.`);
};

const readKeyFile = async (file: string, create: boolean): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    if (!create)
      throw new AppError(
        'validation',
        `The master key file ${file} is missing, and no other key opens what is sealed here: put it back, or give the key in the environment.`,
        { cause: error },
      );
    await createKeyFile(file);
    return readFile(file, 'utf8');
  }
};

/** Written elsewhere and linked into place: another process that starts now sees all of it or nothing, and only one wins. */
const createKeyFile = async (file: string): Promise<void> => {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft);
  }
};

const hasErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
