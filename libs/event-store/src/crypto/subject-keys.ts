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

  /**
   * Destroys the subject's key for good, and that of its addresses: neither comes back, and everything sealed under them stays
   * unreadable. Only the inventory may.
   */
  erase(subject: string): Promise<void>;
}

/**
 * Under which the addresses are sealed from which a user makes requests: each service that acts for users records them, and few of
 * them may open what is sealed under the user himself. Erased together with the subject (see `0002-readers.sql`).
 */
export const addressSubject = (subject: string): string => `address-${subject}`;

export const isEncrypted = (value: unknown): value is EncryptedValue => {
  const sealed = isRecord(value) ? value['$encrypted'] : undefined;
  return isRecord(sealed) && typeof sealed['subject'] === 'string' && typeof sealed['value'] === 'string';
};
