import { z } from 'zod';

interface UnwrappedSchema {
  /** Without what says that a value may be missing or null. */
  readonly inner: z.ZodType;
  readonly isNullable: boolean;
  readonly isRequired: boolean;
  readonly fallback?: unknown;
}

export const unwrapSchema = (schema: z.ZodType): UnwrappedSchema => {
  let inner: unknown = schema;
  let [isNullable, isRequired] = [false, true];
  let fallback: unknown;
  for (;;) {
    if (inner instanceof z.ZodNullable) isNullable = true;
    else if (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) isRequired = false;
    else if (!(inner instanceof z.ZodPrefault)) break;
    if (inner instanceof z.ZodDefault) fallback = inner.def.defaultValue;
    inner = inner.unwrap();
  }
  const unwrapped = { inner: inner instanceof z.ZodType ? inner : schema, isNullable, isRequired };
  return fallback === undefined ? unwrapped : { ...unwrapped, fallback };
};
