import { randomBytes } from 'node:crypto';
import { decryptField, encryptField } from '../crypto/field-cipher.ts';
import type { SubjectKeys } from '../crypto/subject-keys.ts';

/** Subject keys in memory, for tests: nothing survives the process. */
export const createFakeSubjectKeys = (): SubjectKeys => {
  const keys = new Map<string, Buffer | 'erased'>();
  return {
    seal: async (subject, text) => {
      const key = keys.get(subject) ?? randomBytes(32);
      keys.set(subject, key);
      return { $encrypted: { subject, value: encryptField(key === 'erased' ? randomBytes(32) : key, subject, text) } };
    },
    open: async ({ $encrypted: { subject, value } }) => {
      const key = keys.get(subject);
      return key === undefined || key === 'erased' ? undefined : decryptField(key, subject, value);
    },
    erase: async (subject) => void keys.set(subject, 'erased'),
  };
};
