import { AppError, hasCode, type FieldErrors } from '@cyborgbackup/kernel';

/** @throws AppError `validation` with these fields, if there are any */
export const refuseFields = (fields: FieldErrors): void => {
  const [first] = Object.entries(fields);
  if (first) throw new AppError('validation', `${first[0]}: ${first[1][0] ?? 'is not valid'}`, { fields });
};

/**
 * Runs all checks before it refuses, so that the caller hears of every wrong field at once.
 * @throws AppError `validation` with the fields of all checks that threw one; whatever else a check throws
 */
export const refuseTogether = (...checks: readonly (() => unknown)[]): void => {
  const fields: Record<string, readonly string[]> = {};
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!hasCode(error, 'validation') || !error.fields) throw error;
      for (const [name, messages] of Object.entries(error.fields)) {
        fields[name] = [...(fields[name] ?? []), ...messages];
      }
    }
  }
  refuseFields(fields);
};
