import { isRecord, type EncryptedValue } from '@cyborgbackup/kernel';

/** One encryption key per subject (a user, a repository, ...), kept outside the log so that it can be forgotten. */
export interface SubjectKeys {
  /** Encrypts under the subject's key, making that when it is the first time. For an erased subject the value is lost. */
  seal(subject: string, text: string): Promise<EncryptedValue>;

  /**
   * The text, or undefined when the subject's key has been erased.
   * @throws AppError `internal` when the value or its key has been altered
   */
  open(value: EncryptedValue): Promise<string | undefined>;

  /** Destroys the subject's key for good: it never comes back, and everything sealed under it stays unreadable. */
  erase(subject: string): Promise<void>;
}

export const isEncrypted = (value: unknown): value is EncryptedValue => {
  const sealed = isRecord(value) ? value['$encrypted'] : undefined;
  return isRecord(sealed) && typeof sealed['subject'] === 'string' && typeof sealed['value'] === 'string';
};
