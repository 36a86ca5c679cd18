import { AppError, type FieldErrors } from '@cyborgbackup/kernel';
import type { z } from 'zod';

/** Where an error concerns several fields at once. */
const WHOLE = '__all__';

const fieldErrors = (error: z.ZodError): FieldErrors => {
  const fields: Record<string, string[]> = {};
  for (const issue of error.issues) (fields[issue.path.map(String).join('.') || WHOLE] ??= []).push(issue.message);
  return fields;
};

/** @throws AppError `validation` with the messages by field (a dotted path for what is nested) */
export const validate = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = fieldErrors(parsed.error);
  const [first = WHOLE] = Object.keys(fields);
  throw new AppError('validation', `${first}: ${fields[first]?.[0] ?? 'is not valid'}`, { fields });
};
